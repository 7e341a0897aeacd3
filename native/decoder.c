/* The type Decoder: a function that decodes the value that starts at an offset and ends with the data. */

#include "decoding.h"

#include <structmember.h>

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    const State *state; /* of the module, which the type keeps alive */
    Program program;
    PyObject *fail; /* raises what becomes of an error */
    PyObject *left; /* raises the error for bytes after the value */
    PyObject *weak;
} Decoder;

static PyObject *
decoder_fail(Decoder *self, Decoding *run)
{
    PyObject *error = take_error();
    if (error == NULL) {
        return NULL;
    }
    PyObject *steps = run->steps.list != NULL ? Py_NewRef(run->steps.list) : PyList_New(0);
    PyObject *position = PyLong_FromSsize_t(run->at - run->start), *end = PyLong_FromSsize_t(run->end - run->start);
    if (steps != NULL && position != NULL && end != NULL) {
        PyObject *arguments[4] = {error, steps, position, end};
        PyObject *result = PyObject_Vectorcall(self->fail, arguments, 4, NULL);
        if (result != NULL) {
            Py_DECREF(result);
            PyErr_SetString(PyExc_SystemError, "what becomes of an error was not raised");
        }
    }
    Py_DECREF(error);
    Py_XDECREF(steps);
    Py_XDECREF(position);
    Py_XDECREF(end);
    return NULL;
}

static PyObject *
decoder_run(Decoder *self, PyObject *data, Py_ssize_t offset)
{
    Decoding run;
    run.state = self->state;
    run.data = data;
    run.start = (const unsigned char *)PyBytes_AS_STRING(data);
    run.end = run.start + PyBytes_GET_SIZE(data);
    run.at = run.start + offset;
    run.empty = 0;
    run.steps.list = NULL;
    run.depth = (Depth){.limit = FIRST_LEVELS};
    PyObject *value = decode(&run, self->program.root);
    if (value == NULL) {
        decoder_fail(self, &run);
    }
    else if (run.at != run.end) {
        Py_CLEAR(value);
        refuse(self->left, PyLong_FromSsize_t(run.at - run.start), PyLong_FromSsize_t(run.end - run.start));
    }
    steps_clear(&run.steps);
    return value;
}

/* decode(data, offset=0) */
static PyObject *
decoder_call(PyObject *callable, PyObject *const *arguments, size_t flags, PyObject *keywords)
{
    Decoder *self = (Decoder *)callable;
    Py_ssize_t given = PyVectorcall_NARGS(flags), named = keywords == NULL ? 0 : PyTuple_GET_SIZE(keywords);
    PyObject *values[2] = {given > 0 ? arguments[0] : NULL, given > 1 ? arguments[1] : NULL};
    bool known = given <= 2;
    for (Py_ssize_t i = 0; i < named && known; i++) {
        PyObject *name = PyTuple_GET_ITEM(keywords, i);
        int place = PyUnicode_CompareWithASCIIString(name, "data") == 0 ? 0 : 1;
        known = (place == 0 || PyUnicode_CompareWithASCIIString(name, "offset") == 0) && values[place] == NULL;
        values[place] = arguments[given + i];
    }
    if (!known || values[0] == NULL || !PyBytes_Check(values[0])) {
        PyErr_SetString(PyExc_TypeError, "decode takes data, as bytes, and an offset");
        return NULL;
    }
    Py_ssize_t offset = values[1] == NULL ? 0 : PyNumber_AsSsize_t(values[1], PyExc_OverflowError);
    if (offset == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (offset < 0 || offset > PyBytes_GET_SIZE(values[0])) {
        PyErr_SetString(PyExc_ValueError, "an offset outside of the data");
        return NULL;
    }
    if (self->program.root == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "this decoder was cleared");
        return NULL;
    }
    return decoder_run(self, values[0], offset);
}

static PyObject *
decoder_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"description", "fail", "left", NULL};
    PyObject *description, *fail, *left;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O!OO", names, &PyTuple_Type, &description, &fail, &left)) {
        return NULL;
    }
    Decoder *self = (Decoder *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->call = decoder_call;
    self->state = PyType_GetModuleState(type);
    self->fail = Py_NewRef(fail);
    self->left = Py_NewRef(left);
    if (program_build(&self->program, description) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static int
decoder_traverse(Decoder *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->program.description);
    Py_VISIT(self->fail);
    Py_VISIT(self->left);
    return 0;
}

static int
decoder_clear(Decoder *self)
{
    Py_CLEAR(self->fail);
    Py_CLEAR(self->left);
    program_clear(&self->program);
    return 0;
}

static void
decoder_dealloc(Decoder *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (self->weak != NULL) {
        PyObject_ClearWeakRefs((PyObject *)self);
    }
    decoder_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef decoder_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Decoder, call), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Decoder, weak), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot decoder_slots[] = {
    {Py_tp_doc, "Decodes values: decode(data, offset=0)."},
    {Py_tp_new, decoder_new},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_traverse, decoder_traverse},
    {Py_tp_clear, decoder_clear},
    {Py_tp_dealloc, decoder_dealloc},
    {Py_tp_members, decoder_members},
    {0, NULL},
};

PyType_Spec decoder_spec = {
    .name = "kontrakt.codec._native.Decoder",
    .basicsize = sizeof(Decoder),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = decoder_slots,
};
