/* The type Encoder, which is the base of the codec in Python: its program is made when it first encodes. */

#include "encoding.h"

typedef struct {
    PyObject_HEAD
    const State *state; /* of the module, which the type keeps alive */
    Program program;
    PyObject *describe; /* gives the description of the program */
    PyObject *fail;     /* raises what becomes of an error */
} Encoder;

static int
encoder_prepare(Encoder *self)
{
    if (self->describe == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "this encoder was cleared");
        return -1;
    }
    PyObject *describe = Py_NewRef(self->describe);
    PyObject *description = PyObject_CallNoArgs(describe);
    Py_DECREF(describe);
    if (description == NULL) {
        return -1;
    }
    Program program = {0};
    int result = program_build(&program, description);
    Py_DECREF(description);
    if (result < 0) {
        return -1;
    }
    if (self->program.root == NULL) {
        self->program = program;
    }
    else { /* another thread was quicker, and may be running what it made */
        program_clear(&program);
    }
    return 0;
}

static void
encoder_fail(Encoder *self, Encoding *run)
{
    PyObject *error = take_error();
    if (error == NULL) {
        return;
    }
    PyObject *steps = run->steps.list != NULL ? Py_NewRef(run->steps.list) : PyList_New(0);
    if (steps != NULL) {
        refuse(self->fail, error, steps);
    }
    else {
        Py_DECREF(error);
    }
}

static PyObject *
encoder_run(Encoder *self, PyObject *value, PyObject *prefix)
{
    Encoding run;
    run.state = self->state;
    run.program = &self->program;
    run.data = run.first;
    run.size = 0;
    run.capacity = FIRST_BYTES;
    run.empty = 0;
    run.steps.list = NULL;
    run.depth = (Depth){.limit = FIRST_LEVELS};
    PyObject *result = NULL;
    if (prefix == NULL || write_bytes(&run, PyBytes_AS_STRING(prefix), PyBytes_GET_SIZE(prefix)) == 0) {
        if (encode(&run, self->program.root, value) == 0) {
            result = PyBytes_FromStringAndSize((const char *)run.data, run.size);
        }
        else {
            encoder_fail(self, &run);
        }
    }
    steps_clear(&run.steps);
    if (run.data != run.first) {
        PyMem_Free(run.data);
    }
    return result;
}

/* encode(value, prefix=b"") */
static PyObject *
encoder_encode(Encoder *self, PyObject *const *arguments, Py_ssize_t given, PyObject *keywords)
{
    PyObject *values[2] = {given > 0 ? arguments[0] : NULL, given > 1 ? arguments[1] : NULL};
    Py_ssize_t named = keywords == NULL ? 0 : PyTuple_GET_SIZE(keywords);
    bool known = given <= 2;
    for (Py_ssize_t i = 0; i < named && known; i++) {
        PyObject *name = PyTuple_GET_ITEM(keywords, i);
        int place = PyUnicode_CompareWithASCIIString(name, "value") == 0 ? 0 : 1;
        known = (place == 0 || PyUnicode_CompareWithASCIIString(name, "prefix") == 0) && values[place] == NULL;
        values[place] = arguments[given + i];
    }
    if (!known || values[0] == NULL || (values[1] != NULL && !PyBytes_Check(values[1]))) {
        PyErr_SetString(PyExc_TypeError, "encode takes a value and, as bytes, its prefix");
        return NULL;
    }
    if (self->program.root == NULL && encoder_prepare(self) < 0) {
        return NULL;
    }
    return encoder_run(self, values[0], values[1]);
}

static int
encoder_init(Encoder *self, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"describe", "fail", NULL};
    PyObject *describe, *fail;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "OO", names, &describe, &fail)) {
        return -1;
    }
    PyObject *module = PyType_GetModuleByDef(Py_TYPE(self), &native_module);
    if (module == NULL) {
        return -1;
    }
    if (self->state != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "an encoder is made once");
        return -1;
    }
    self->state = PyModule_GetState(module);
    self->describe = Py_NewRef(describe);
    self->fail = Py_NewRef(fail);
    return 0;
}

static int
encoder_traverse(Encoder *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->program.description);
    Py_VISIT(self->describe);
    Py_VISIT(self->fail);
    return 0;
}

static int
encoder_clear(Encoder *self)
{
    Py_CLEAR(self->describe);
    Py_CLEAR(self->fail);
    program_clear(&self->program);
    return 0;
}

static void
encoder_dealloc(Encoder *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    encoder_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef encoder_methods[] = {
    {"encode", (PyCFunction)(void (*)(void))encoder_encode, METH_FASTCALL | METH_KEYWORDS,
     "encode($self, /, value, prefix=b\"\")\n--\n\nEncode a value as Avro binary that starts with a prefix."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot encoder_slots[] = {
    {Py_tp_doc, "Encodes values."},
    {Py_tp_init, encoder_init},
    {Py_tp_new, PyType_GenericNew},
    {Py_tp_methods, encoder_methods},
    {Py_tp_traverse, encoder_traverse},
    {Py_tp_clear, encoder_clear},
    {Py_tp_dealloc, encoder_dealloc},
    {0, NULL},
};

PyType_Spec encoder_spec = {
    .name = "kontrakt.codec._native.Encoder",
    .basicsize = sizeof(Encoder),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = encoder_slots,
};
