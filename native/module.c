/* The module kontrakt.codec._native: its types, and the functions in Python that it calls. */

#include "native.h"

/* Attributes of a module in Python, into fields of the state. */
static int
borrow(const char *module, const char *const names[], PyObject **const fields[])
{
    PyObject *found = PyImport_ImportModule(module);
    if (found == NULL) {
        return -1;
    }
    for (int i = 0; names[i] != NULL; i++) {
        *fields[i] = PyObject_GetAttrString(found, names[i]);
        if (*fields[i] == NULL) {
            Py_DECREF(found);
            return -1;
        }
    }
    Py_DECREF(found);
    return 0;
}

/* The limits stand in C as well, so that the compiler knows them. */
static int
check_limits(void)
{
    PyObject *depth = NULL, *empty = NULL;
    const char *const names[] = {"MAX_DEPTH", "MAX_EMPTY_ITEMS", NULL};
    PyObject **const fields[] = {&depth, &empty};
    int result = borrow("kontrakt.codec.base", names, fields);
    if (result == 0 && (PyLong_AsLong(depth) != MAX_DEPTH || PyLong_AsLong(empty) != MAX_EMPTY_ITEMS)) {
        PyErr_SetString(PyExc_ImportError, "the native codec was built for other limits");
        result = -1;
    }
    Py_XDECREF(depth);
    Py_XDECREF(empty);
    return result;
}

static int
borrow_all(State *state)
{
    const char *const of_misfit[] = {"Misfit", NULL};
    PyObject **const misfit[] = {&state->misfit};
    const char *const of_binary[] = {
        "ENDS", "long_number", "int_number", "sized_block", "too_short", "too_few_bytes", "too_many_items",
        "too_many_empty", "bad_boolean", "bad_branch", "too_deep", NULL};
    PyObject **const binary[] = {
        &state->ends, &state->long_number, &state->int_number, &state->sized_block, &state->too_short,
        &state->too_few_bytes, &state->too_many_items, &state->too_many_empty, &state->bad_boolean, &state->bad_branch,
        &state->too_deep};
    const char *const of_decimal[] = {"Decimal", NULL};
    PyObject **const decimal[] = {(PyObject **)&state->decimal};
    const char *const of_uuid[] = {"UUID", "SafeUUID", NULL};
    PyObject *safe = NULL;
    PyObject **const uuid[] = {(PyObject **)&state->uuid, &safe};
    if (check_limits() < 0 || borrow("kontrakt.codec.misfit", of_misfit, misfit) < 0 ||
        borrow("kontrakt.codec.binary", of_binary, binary) < 0 || borrow("decimal", of_decimal, decimal) < 0 ||
        borrow("uuid", of_uuid, uuid) < 0) {
        Py_XDECREF(safe);
        return -1;
    }
    state->safe_unknown = PyObject_GetAttrString(safe, "unknown");
    Py_DECREF(safe);
    if (state->safe_unknown == NULL || !PyType_Check(state->decimal) || !PyType_Check(state->uuid)) {
        PyErr_SetString(PyExc_ImportError, "unusual modules decimal or uuid");
        return -1;
    }
    return 0;
}

static int
add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **type)
{
    *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    return *type == NULL ? -1 : PyModule_AddType(module, *type);
}

static int
native_exec(PyObject *module)
{
    State *state = PyModule_GetState(module);
    state->steps = PyUnicode_InternFromString("steps");
    if (state->steps == NULL || borrow_all(state) < 0 || logical_start(state) < 0) {
        return -1;
    }
    if (add_type(module, &encoder_spec, &state->encoder) < 0 || add_type(module, &decoder_spec, &state->decoder) < 0 ||
        add_type(module, &output_spec, &state->output) < 0 || add_type(module, &fit_spec, &state->fit) < 0) {
        return -1;
    }
    return 0;
}

/* fillable(kind, names) */
static PyObject *
native_fillable(PyObject *module, PyObject *arguments)
{
    PyTypeObject *kind;
    PyObject *names;
    if (!PyArg_ParseTuple(arguments, "O!O!", &PyType_Type, &kind, &PyTuple_Type, &names)) {
        return NULL;
    }
    bool fillable = only_slots(kind);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
        fillable = fillable && slot_offset(kind, PyTuple_GET_ITEM(names, i)) > 0;
    }
    return PyBool_FromLong(fillable);
}

static PyMethodDef native_methods[] = {
    {"fillable", native_fillable, METH_VARARGS,
     "fillable(kind, names) -> bool: whether a bare object of a class may be filled through the slots of these names."},
    {NULL, NULL, 0, NULL},
};

static PyObject **
owned(State *state, int index)
{
    PyObject **all[] = {
        (PyObject **)&state->encoder, (PyObject **)&state->decoder, (PyObject **)&state->output, (PyObject **)&state->fit,
        &state->misfit, &state->ends, &state->long_number, &state->int_number, &state->sized_block, &state->too_short,
        &state->too_few_bytes, &state->too_many_items, &state->too_many_empty, &state->bad_boolean, &state->bad_branch,
        &state->too_deep, (PyObject **)&state->decimal, (PyObject **)&state->uuid, &state->safe_unknown, &state->steps, NULL};
    return all[index];
}

static int
native_traverse(PyObject *module, visitproc visit, void *arg)
{
    State *state = PyModule_GetState(module);
    for (int i = 0; owned(state, i) != NULL; i++) {
        Py_VISIT(*owned(state, i));
    }
    return 0;
}

static int
native_clear(PyObject *module)
{
    State *state = PyModule_GetState(module);
    for (int i = 0; owned(state, i) != NULL; i++) {
        Py_CLEAR(*owned(state, i));
    }
    return 0;
}

static void
native_free(void *module)
{
    native_clear(module);
}

static PyModuleDef_Slot native_slots[] = {
    {Py_mod_exec, native_exec},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED}, /* as the datetime module's C interface */
#endif
    {0, NULL},
};

struct PyModuleDef native_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "kontrakt.codec._native",
    .m_doc = "The codec in C; kontrakt.codec.native is what it is used by.",
    .m_size = sizeof(State),
    .m_methods = native_methods,
    .m_slots = native_slots,
    .m_traverse = native_traverse,
    .m_clear = native_clear,
    .m_free = native_free,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&native_module);
}
