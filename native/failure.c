/* Failures: the path to where one happened, and calls of the functions in Python that say what is wrong. */

#include "native.h"

/* A step that cannot be noted makes a path shorter, and must not replace the error that it is for. */
static void
add_stolen(Steps *steps, PyObject *step)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    if (steps->list == NULL) {
        steps->list = PyList_New(0);
    }
    if (step == NULL || steps->list == NULL || PyList_Append(steps->list, step) < 0) {
        PyErr_Clear();
    }
    Py_XDECREF(step);
    PyErr_Restore(type, value, trace);
}

void
steps_add(Steps *steps, PyObject *step)
{
    add_stolen(steps, Py_NewRef(step));
}

void
steps_add_index(Steps *steps, Py_ssize_t index)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyObject *step = PyLong_FromSsize_t(index);
    PyErr_Restore(type, value, trace);
    add_stolen(steps, step);
}

/* A key is told from the step of a field by the tuple around it. */
void
steps_add_key(Steps *steps, PyObject *key)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyObject *step = PyTuple_Pack(1, key);
    PyErr_Restore(type, value, trace);
    add_stolen(steps, step);
}

/* Note that the error is about the value itself, and did not come out of code that is not ours. */
void
steps_own(Steps *steps)
{
    add_stolen(steps, Py_NewRef(Py_True));
}

void
steps_clear(Steps *steps)
{
    Py_CLEAR(steps->list);
}

int
refuse(PyObject *function, PyObject *first, PyObject *second)
{
    PyObject *arguments[2] = {first, second};
    size_t count = first == NULL ? 0 : second == NULL ? 1 : 2;
    if (!PyErr_Occurred()) { /* which happens when an argument could not be made */
        PyObject *result = PyObject_Vectorcall(function, arguments, count, NULL);
        if (result != NULL) {
            Py_DECREF(result);
            PyErr_Format(PyExc_SystemError, "%R did not raise", function);
        }
    }
    Py_XDECREF(first);
    Py_XDECREF(second);
    return -1;
}

int
depth_extend(Depth *depth)
{
    int limit = Py_GetRecursionLimit();
    depth->limit = limit < MAX_LEVELS ? limit : MAX_LEVELS;
    if (depth->levels < depth->limit) {
        return 0;
    }
    PyErr_SetString(PyExc_RecursionError, "a value is nested too deep");
    return -1;
}

PyObject *
take_error(void)
{
    if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError)) {
        return NULL;
    }
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace != NULL) {
        PyException_SetTraceback(value, trace);
    }
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return value;
}
