/* Makes the nodes of a program of their description in Python: a tuple of the root's number and of a tuple for each node. */

#include "native.h"

#include <structmember.h> /* T_OBJECT_EX and READONLY, which Python 3.11 has nowhere else */

/* What stands in the tuple of each kind of node after its name, a letter each:

   c  callable for unusual values      n  number of another node       k  class, mapping or callable
   b  flag                             i  number                       j  another number
   x  extra                            y  keys                         m  members, a tuple
   u  numbers of other nodes           t  (class, node) of branches
   f  (name, step, node, absent) of fields to encode
   s  (name, step, node, place) of fields to decode or to pass over
   d  (name, place, value, whether it is made by a call) of fields that were not written */
typedef struct {
    const char *name;
    Op op;
    const char *parts;
} Layout;

static const Layout LAYOUTS[] = {
    {"null", OP_NULL, "c"},
    {"boolean", OP_BOOLEAN, "c"},
    {"int", OP_INT, "c"},
    {"long", OP_LONG, "c"},
    {"float", OP_FLOAT, "c"},
    {"double", OP_DOUBLE, "c"},
    {"string", OP_STRING, "c"},
    {"bytes", OP_BYTES, "c"},
    {"fixed", OP_FIXED, "ci"},
    {"convert", OP_CONVERT, "cn"},
    {"date", OP_DATE, "cn"},
    {"time", OP_TIME, "cni"},
    {"timestamp", OP_TIMESTAMP, "cni"},
    {"local-timestamp", OP_LOCAL, "cni"},
    {"uuid text", OP_UUID_TEXT, "cn"},
    {"uuid bytes", OP_UUID_BYTES, "cn"},
    {"decimal", OP_DECIMAL, "cnij"},
    {"enum", OP_ENUM, "kxcm"},
    {"array", OP_ARRAY, "cnb"},
    {"map", OP_MAP, "cny"},
    {"dict", OP_DICT, "cbxf"},
    {"object", OP_OBJECT, "cbkf"},
    {"nullable", OP_NULLABLE, "ijn"},
    {"choice", OP_CHOICE, "ct"},
    {"branch", OP_BRANCH, "in"},
    {"make dict", OP_DICT, "bxysd"},
    {"make slots", OP_SLOTS, "bksd"},
    {"make call", OP_CALL, "bkysd"},
    {"union", OP_UNION, "u"},
    {"refuse", OP_REFUSE, "c"},
    {"skip null", OP_SKIP_NULL, ""},
    {"skip int", OP_SKIP_INT, ""},
    {"skip long", OP_SKIP_LONG, ""},
    {"skip sized", OP_SKIP_SIZED, ""},
    {"skip fixed", OP_SKIP_FIXED, "i"},
    {"skip array", OP_SKIP_ARRAY, "nb"},
    {"skip map", OP_SKIP_MAP, "n"},
    {"skip union", OP_SKIP_UNION, "u"},
    {"skip record", OP_SKIP_RECORD, "bs"},
};

static int
wrong(const char *what)
{
    if (!PyErr_Occurred()) {
        PyErr_Format(PyExc_ValueError, "a node is described wrongly: %s", what);
    }
    return -1;
}

static PyObject *
or_null(PyObject *value)
{
    return value == Py_None ? NULL : value;
}

static int
build_node(Program *program, PyObject *index, Node **node)
{
    Py_ssize_t number = PyNumber_AsSsize_t(index, PyExc_IndexError);
    if (PyErr_Occurred()) {
        return -1;
    }
    if (number < 0 || number >= program->count) {
        return wrong("no such node");
    }
    *node = &program->nodes[number];
    return 0;
}

static int
build_integer(PyObject *value, int64_t *number)
{
    *number = PyLong_AsLongLong(value);
    return PyErr_Occurred() ? -1 : 0;
}

static int
build_children(Program *program, Node *node, PyObject *given)
{
    node->count = PyTuple_GET_SIZE(given);
    node->children = PyMem_Calloc((size_t)node->count + 1, sizeof(Node *));
    if (node->children == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < node->count; i++) {
        if (build_node(program, PyTuple_GET_ITEM(given, i), &node->children[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
build_kinds(Program *program, Node *node, PyObject *given)
{
    node->count = PyTuple_GET_SIZE(given);
    node->kinds = PyMem_Calloc((size_t)node->count + 1, sizeof(Kind));
    if (node->kinds == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < node->count; i++) {
        PyObject *pair = PyTuple_GET_ITEM(given, i);
        if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2 || !PyType_Check(PyTuple_GET_ITEM(pair, 0))) {
            return wrong("a branch");
        }
        node->kinds[i].kind = (PyTypeObject *)PyTuple_GET_ITEM(pair, 0);
        if (build_node(program, PyTuple_GET_ITEM(pair, 1), &node->kinds[i].node) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The fields of a record; those to encode say what makes a default, those to decode which place they have. */
static int
build_fields(Program *program, Node *node, PyObject *given, bool decode)
{
    bool slots = node->op == OP_OBJECT || node->op == OP_SLOTS;
    node->count = PyTuple_GET_SIZE(given);
    node->fields = PyMem_Calloc((size_t)node->count + 1, sizeof(Field));
    if (node->fields == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < node->count; i++) {
        PyObject *parts = PyTuple_GET_ITEM(given, i);
        Field *field = &node->fields[i];
        if (!PyTuple_CheckExact(parts) || PyTuple_GET_SIZE(parts) != 4 || !PyUnicode_CheckExact(PyTuple_GET_ITEM(parts, 1))) {
            return wrong("a field");
        }
        field->name = or_null(PyTuple_GET_ITEM(parts, 0));
        field->step = PyTuple_GET_ITEM(parts, 1);
        field->slot = slots && field->name != NULL ? slot_offset((PyTypeObject *)node->kind, field->name) : -1;
        field->place = -1;
        if (build_node(program, PyTuple_GET_ITEM(parts, 2), &field->node) < 0) {
            return wrong("the node of a field");
        }
        if (!decode) {
            field->absent = or_null(PyTuple_GET_ITEM(parts, 3));
        }
        else {
            field->place = PyNumber_AsSsize_t(PyTuple_GET_ITEM(parts, 3), PyExc_IndexError);
            if (PyErr_Occurred() || (node->op == OP_SLOTS && field->place >= 0 && field->slot < 0)) {
                return wrong("the place of a field");
            }
        }
    }
    return 0;
}

static int
build_defaults(Node *node, PyObject *given)
{
    node->default_count = PyTuple_GET_SIZE(given);
    node->defaults = PyMem_Calloc((size_t)node->default_count + 1, sizeof(Default));
    if (node->defaults == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < node->default_count; i++) {
        PyObject *parts = PyTuple_GET_ITEM(given, i);
        Default *missing = &node->defaults[i];
        if (!PyTuple_CheckExact(parts) || PyTuple_GET_SIZE(parts) != 4) {
            return wrong("a default");
        }
        missing->slot = node->op == OP_SLOTS ? slot_offset((PyTypeObject *)node->kind, PyTuple_GET_ITEM(parts, 0)) : -1;
        missing->place = PyNumber_AsSsize_t(PyTuple_GET_ITEM(parts, 1), PyExc_IndexError);
        missing->value = PyTuple_GET_ITEM(parts, 2);
        missing->made = PyTuple_GET_ITEM(parts, 3) == Py_True;
        if (PyErr_Occurred() || (node->op == OP_SLOTS && missing->slot < 0)) {
            return wrong("the place of a default");
        }
    }
    return 0;
}

/* Every field of a record that is decoded has a place of its own, and every place a field: none is read before it was set. */
static int
check_places(const Node *node)
{
    Py_ssize_t total = node->op == OP_SLOTS ? node->count + node->default_count : PyTuple_GET_SIZE(node->keys);
    char *seen = PyMem_Calloc((size_t)total + 1, 1);
    if (seen == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    Py_ssize_t found = 0;
    bool good = true;
    for (Py_ssize_t i = 0; i < node->count + node->default_count && good; i++) {
        Py_ssize_t place = i < node->count ? node->fields[i].place : node->defaults[i - node->count].place;
        if (place >= 0 || i >= node->count) {
            good = place >= 0 && place < total && !seen[place];
            if (good) {
                seen[place] = 1;
                found++;
            }
        }
    }
    PyMem_Free(seen);
    return good && (node->op == OP_SLOTS || found == total) ? 0 : wrong("the places of fields");
}

static int
build_part(Program *program, Node *node, char part, PyObject *value)
{
    if (strchr("mutfsd", part) != NULL && !PyTuple_CheckExact(value)) {
        return wrong("a tuple is expected");
    }
    switch (part) {
    case 'c':
        node->convert = or_null(value);
        return 0;
    case 'k':
        node->kind = value;
        if ((node->op == OP_OBJECT || node->op == OP_SLOTS) && !PyType_Check(value)) {
            return wrong("a class is expected");
        }
        return node->op == OP_SLOTS && !only_slots((PyTypeObject *)value) ? wrong("not only slots") : 0;
    case 'x':
        node->extra = or_null(value);
        return 0;
    case 'y':
        node->keys = value;
        return (node->op == OP_DICT || node->op == OP_CALL) && !PyTuple_CheckExact(value) ? wrong("keys") : 0;
    case 'm':
        node->members = value;
        return 0;
    case 'n':
        return build_node(program, value, &node->child);
    case 'b':
        node->flag = value == Py_True;
        return 0;
    case 'i':
        return build_integer(value, &node->number);
    case 'j':
        return build_integer(value, &node->other);
    case 'u':
        return build_children(program, node, value);
    case 't':
        return build_kinds(program, node, value);
    case 'f':
        return build_fields(program, node, value, false);
    case 's':
        return build_fields(program, node, value, true);
    case 'd':
        return build_defaults(node, value) < 0 ? -1 : check_places(node);
    default:
        return wrong("an unknown part");
    }
}

static int
build_parts(Program *program, Node *node, PyObject *given)
{
    if (!PyTuple_CheckExact(given) || PyTuple_GET_SIZE(given) < 1) {
        return wrong("a tuple is expected");
    }
    const char *name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(given, 0));
    if (name == NULL) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(LAYOUTS) / sizeof(LAYOUTS[0]); i++) {
        const Layout *layout = &LAYOUTS[i];
        if (strcmp(layout->name, name) == 0) {
            node->op = layout->op;
            if (PyTuple_GET_SIZE(given) != (Py_ssize_t)strlen(layout->parts) + 1) {
                return wrong(name);
            }
            for (Py_ssize_t part = 0; layout->parts[part] != '\0'; part++) {
                if (build_part(program, node, layout->parts[part], PyTuple_GET_ITEM(given, part + 1)) < 0) {
                    return -1;
                }
            }
            return 0;
        }
    }
    return wrong(name);
}

int
program_build(Program *program, PyObject *description)
{
    PyObject *root, *nodes;
    if (!PyArg_ParseTuple(description, "OO!", &root, &PyTuple_Type, &nodes)) {
        return -1;
    }
    program->count = PyTuple_GET_SIZE(nodes);
    program->nodes = PyMem_Calloc((size_t)program->count + 1, sizeof(Node));
    program->description = Py_NewRef(description);
    if (program->nodes == NULL) {
        PyErr_NoMemory();
        program_clear(program);
        return -1;
    }
    for (Py_ssize_t i = 0; i < program->count; i++) {
        if (build_parts(program, &program->nodes[i], PyTuple_GET_ITEM(nodes, i)) < 0) {
            program_clear(program);
            return -1;
        }
    }
    if (build_node(program, root, &program->root) < 0) {
        program_clear(program);
        return -1;
    }
    return 0;
}

void
program_clear(Program *program)
{
    for (Py_ssize_t i = 0; program->nodes != NULL && i < program->count; i++) {
        Node *node = &program->nodes[i];
        PyMem_Free(node->children);
        PyMem_Free(node->fields);
        PyMem_Free(node->defaults);
        PyMem_Free(node->kinds);
    }
    PyMem_Free(program->nodes);
    program->nodes = NULL;
    program->root = NULL;
    program->count = 0;
    Py_CLEAR(program->description);
}

/* The layout of objects of a class never changes, whatever happens to the class later. */
Py_ssize_t
slot_offset(PyTypeObject *kind, PyObject *name)
{
    PyObject *found = PyUnicode_Check(name) ? _PyType_Lookup(kind, name) : NULL;
    if (found == NULL || !Py_IS_TYPE(found, &PyMemberDescr_Type)) {
        return -1;
    }
    PyMemberDescrObject *descriptor = (PyMemberDescrObject *)found;
    PyMemberDef *member = descriptor->d_member;
    if (member->type != T_OBJECT_EX || !PyType_IsSubtype(kind, PyDescr_TYPE(descriptor)) || member->offset <= 0 ||
        member->offset + (Py_ssize_t)sizeof(PyObject *) > kind->tp_basicsize) {
        return -1;
    }
    return member->offset;
}

bool
only_slots(PyTypeObject *kind)
{
    return kind->tp_new == PyBaseObject_Type.tp_new && kind->tp_alloc == PyType_GenericAlloc && kind->tp_dictoffset == 0 &&
           kind->tp_itemsize == 0 && !(kind->tp_flags & Py_TPFLAGS_IS_ABSTRACT) && (kind->tp_flags & Py_TPFLAGS_HEAPTYPE);
}
