/* Unions whose branch is not said by the class of the value: Python chooses, and calls back to try a branch.

   The choice (kontrakt.codec.choice) gets the run as an Output, of which it needs the length, and to delete what a branch wrote before
   it failed; and it calls branches, which are Fits. */

#include "encoding.h"

typedef struct {
    PyObject_HEAD
    Encoding *run; /* NULL when the run is over */
} Output;

typedef struct {
    PyObject_HEAD
    Py_ssize_t node;
} Fit;

int
encode_choice(Encoding *run, const Node *node, PyObject *value)
{
    Output *output = PyObject_New(Output, run->state->output);
    if (output == NULL) {
        return -1;
    }
    output->run = run;
    PyObject *arguments[2] = {Py_NewRef(value), (PyObject *)output};
    PyObject *result = PyObject_Vectorcall(node->convert, arguments, 2, NULL);
    Py_DECREF(value);
    output->run = NULL;
    Py_DECREF(output);
    if (result != NULL) {
        Py_DECREF(result);
        return 0;
    }
    /* An error that came out of a branch brings its path along. */
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    PyErr_NormalizeException(&type, &error, &trace);
    PyObject *steps = PyObject_GetAttr(error, run->state->steps);
    if (steps == NULL || !PyList_CheckExact(steps)) {
        Py_CLEAR(steps);
        PyErr_Clear();
    }
    steps_clear(&run->steps);
    run->steps.list = steps;
    PyErr_Restore(type, error, trace);
    return -1;
}

static Py_ssize_t
output_length(Output *self)
{
    return self->run == NULL ? 0 : self->run->size;
}

/* del output[mark:] */
static int
output_delete(Output *self, PyObject *key, PyObject *value)
{
    Py_ssize_t start, stop, step;
    if (self->run == NULL || value != NULL || !PySlice_Check(key) || PySlice_Unpack(key, &start, &stop, &step) < 0) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_TypeError, "only the end of an output can be deleted");
        }
        return -1;
    }
    if (start >= 0 && start <= self->run->size && stop >= self->run->size && step == 1) {
        self->run->size = start;
        return 0;
    }
    PyErr_SetString(PyExc_IndexError, "not the end of the output");
    return -1;
}

static void
output_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyType_Slot output_slots[] = {
    {Py_tp_dealloc, output_dealloc},
    {Py_mp_length, output_length},
    {Py_mp_ass_subscript, output_delete},
    {0, NULL},
};

PyType_Spec output_spec = {
    .name = "kontrakt.codec._native.Output",
    .basicsize = sizeof(Output),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = output_slots,
};

static PyObject *
fit_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"node", NULL};
    Py_ssize_t node;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "n", names, &node)) {
        return NULL;
    }
    Fit *self = (Fit *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->node = node;
    }
    return (PyObject *)self;
}

static PyObject *
fit_call(Fit *self, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"value", "output", NULL};
    PyObject *value, *given;
    const State *state = PyType_GetModuleState(Py_TYPE(self));
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "OO!", names, &value, state->output, &given)) {
        return NULL;
    }
    Encoding *run = ((Output *)given)->run;
    if (run == NULL || self->node < 0 || self->node >= run->program->count) {
        PyErr_SetString(PyExc_RuntimeError, "a branch is encoded outside of its run");
        return NULL;
    }
    steps_clear(&run->steps);
    if (encode(run, &run->program->nodes[self->node], value) == 0) {
        Py_RETURN_NONE;
    }
    if (run->steps.list != NULL) {
        PyObject *type, *error, *trace;
        PyErr_Fetch(&type, &error, &trace);
        PyErr_NormalizeException(&type, &error, &trace);
        if (PyObject_SetAttr(error, state->steps, run->steps.list) < 0) {
            PyErr_Clear(); /* an error without room for it has a shorter path */
        }
        PyErr_Restore(type, error, trace);
        steps_clear(&run->steps);
    }
    return NULL;
}

static void
fit_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot fit_slots[] = {
    {Py_tp_doc, "Encodes a value as a branch of a union."},
    {Py_tp_new, fit_new},
    {Py_tp_call, fit_call},
    {Py_tp_dealloc, fit_dealloc},
    {0, NULL},
};

PyType_Spec fit_spec = {
    .name = "kontrakt.codec._native.Fit",
    .basicsize = sizeof(Fit),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = fit_slots,
};
