/* Decodes a value: walks the nodes of a program and reads bytes. */

#include "decoding.h"

/* So many items a list is made for at once: a count is a claim. */
#define FIRST_ITEMS 1024
/* So many fields of a record are kept on the stack. */
#define FIRST_FIELDS 32

static PyObject *
decode_boolean(Decoding *run)
{
    if (run->at >= run->end) {
        refuse_end(run);
        return NULL;
    }
    unsigned char byte = *run->at++;
    if (byte > 1) {
        refuse(run->state->bad_boolean, PyLong_FromLong(byte), NULL);
        return NULL;
    }
    return PyBool_FromLong(byte);
}

static int
read_integer(Decoding *run, const Node *node, int64_t *number)
{
    uint64_t found;
    if (read_number(run, node->op == OP_INT, &found) < 0) {
        return -1;
    }
    *number = meant(found);
    return 0;
}

static PyObject *
decode_float(Decoding *run, const Node *node)
{
    Py_ssize_t size = node->op == OP_FLOAT ? sizeof(float) : sizeof(double);
    if (bytes_left(run) < size) {
        refuse_end(run);
        return NULL;
    }
    float single;
    double number;
    if (node->op == OP_FLOAT) {
        memcpy(&single, run->at, sizeof(single));
        number = single;
    }
    else {
        memcpy(&number, run->at, sizeof(number));
    }
    run->at += size;
    return PyFloat_FromDouble(number);
}

static bool
is_ascii(const unsigned char *text, Py_ssize_t size)
{
    uint64_t bits = 0, word;
    for (; size >= 8; size -= 8, text += 8) {
        memcpy(&word, text, 8);
        bits |= word;
    }
    unsigned char rest = 0;
    for (; size > 0; size--) {
        rest |= *text++;
    }
    return !(bits & UINT64_C(0x8080808080808080)) && !(rest & 0x80);
}

static PyObject *
read_text(Decoding *run)
{
    Py_ssize_t size;
    if (read_length(run, &size) < 0) {
        return NULL;
    }
    PyObject *text;
    if (size > 1 && is_ascii(run->at, size)) { /* of one letter there are texts already */
        text = PyUnicode_New(size, 127);
        if (text != NULL) {
            memcpy(PyUnicode_1BYTE_DATA(text), run->at, (size_t)size);
        }
    }
    else {
        text = PyUnicode_DecodeUTF8((const char *)run->at, size, NULL);
    }
    if (text != NULL) {
        run->at += size;
    }
    return text;
}

/* Bytes of a length that is read, or of a fixed; they stay where they are, and the position is after them. */
static int
read_bytes(Decoding *run, const Node *node, const unsigned char **bytes, Py_ssize_t *size)
{
    if (node->op == OP_FIXED) {
        *size = (Py_ssize_t)node->number;
        if (need_bytes(run, *size) < 0) {
            return -1;
        }
    }
    else if (read_length(run, size) < 0) {
        return -1;
    }
    *bytes = run->at;
    run->at += *size;
    return 0;
}

static PyObject *
decode_bytes(Decoding *run, const Node *node)
{
    const unsigned char *bytes;
    Py_ssize_t size;
    return read_bytes(run, node, &bytes, &size) < 0 ? NULL : PyBytes_FromStringAndSize((const char *)bytes, size);
}

/* --- logical types --- */

/* What Python makes of a value. Takes its reference. */
static PyObject *
converted(const Node *node, PyObject *value)
{
    if (value == NULL) {
        return NULL;
    }
    PyObject *result = PyObject_CallOneArg(node->convert, value);
    Py_DECREF(value);
    return result;
}

static PyObject *
decode_moment(Decoding *run, const Node *node)
{
    int64_t number;
    if (read_integer(run, node->child, &number) < 0) {
        return NULL;
    }
    PyObject *value;
    switch (node->op) {
    case OP_DATE:
        value = decode_days(number);
        break;
    case OP_TIME:
        value = decode_time(number, node->number);
        break;
    default:
        value = decode_timestamp(number, node->op == OP_LOCAL, node->number);
    }
    return value != NULL || PyErr_Occurred() ? value : converted(node, PyLong_FromLongLong(number));
}

static PyObject *
decode_uuid_text(Decoding *run, const Node *node)
{
    const unsigned char *before = run->at;
    Py_ssize_t size;
    if (read_length(run, &size) < 0) {
        return NULL;
    }
    unsigned char bytes[16];
    if (uuid_parse(run->at, size, bytes)) {
        PyObject *value = decode_uuid(run->state, bytes);
        if (value != NULL || PyErr_Occurred()) {
            run->at += size;
            return value;
        }
    }
    run->at = before;
    return converted(node, read_text(run));
}

static PyObject *
decode_uuid_bytes(Decoding *run, const Node *node)
{
    const unsigned char *bytes;
    Py_ssize_t size;
    if (read_bytes(run, node->child, &bytes, &size) < 0) {
        return NULL;
    }
    PyObject *value = size == 16 ? decode_uuid(run->state, bytes) : NULL;
    if (value != NULL || PyErr_Occurred()) {
        return value;
    }
    return converted(node, PyBytes_FromStringAndSize((const char *)bytes, size));
}

static PyObject *
decode_decimal_value(Decoding *run, const Node *node)
{
    const unsigned char *bytes;
    Py_ssize_t size;
    if (read_bytes(run, node->child, &bytes, &size) < 0) {
        return NULL;
    }
    PyObject *value = decode_decimal(run->state, bytes, size, node->other);
    if (value != NULL || PyErr_Occurred()) {
        return value;
    }
    return converted(node, PyBytes_FromStringAndSize((const char *)bytes, size));
}

/* --- enums, arrays and maps --- */

static PyObject *
decode_enum(Decoding *run, const Node *node)
{
    uint64_t number;
    if (read_number(run, false, &number) < 0) {
        return NULL;
    }
    if (!(number & 1) && number >> 1 < (uint64_t)PyTuple_GET_SIZE(node->members)) {
        PyObject *member = PyTuple_GET_ITEM(node->members, (Py_ssize_t)(number >> 1));
        if (member != Py_None) { /* a symbol that the reader lacks */
            return Py_NewRef(member);
        }
    }
    PyObject *key = PyLong_FromUnsignedLongLong(number);
    PyObject *member = key == NULL ? NULL : PyObject_GetItem(node->kind, key);
    Py_XDECREF(key);
    return member;
}

/* A list is as long as it is filled at every moment, so that nobody who finds it sees what is not there yet. */
static int
append(PyObject *list, PyObject *item)
{
    PyListObject *items = (PyListObject *)list;
    Py_ssize_t size = Py_SIZE(items);
    if (size < items->allocated) {
        items->ob_item[size] = item;
        Py_SET_SIZE(items, size + 1);
        return 0;
    }
    int result = PyList_Append(list, item);
    Py_DECREF(item);
    return result;
}

static PyObject *
decode_array(Decoding *run, const Node *node)
{
    uint64_t count;
    if (read_block(run, node->flag, &count) < 0) {
        return NULL;
    }
    PyObject *list = PyList_New(count < FIRST_ITEMS ? (Py_ssize_t)count : FIRST_ITEMS);
    if (list == NULL) {
        return NULL;
    }
    Py_SET_SIZE((PyListObject *)list, 0);
    while (count > 0) {
        for (; count > 0; count--) {
            PyObject *item = decode(run, node->child);
            if (item == NULL) {
                steps_add_index(&run->steps, PyList_GET_SIZE(list));
                Py_DECREF(list);
                return NULL;
            }
            if (append(list, item) < 0) {
                Py_DECREF(list);
                return NULL;
            }
        }
        if (read_block(run, node->flag, &count) < 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

static int
decode_member(Decoding *run, const Node *node, PyObject *dict)
{
    PyObject *key = read_text(run);
    if (key == NULL) {
        return -1;
    }
    PyObject *value = decode(run, node->child);
    if (value == NULL) {
        steps_add_key(&run->steps, key);
        Py_DECREF(key);
        return -1;
    }
    int result = PyDict_SetItem(dict, key, value);
    Py_DECREF(key);
    Py_DECREF(value);
    return result;
}

static PyObject *
decode_map(Decoding *run, const Node *node)
{
    PyObject *dict = PyDict_New();
    uint64_t count;
    if (dict == NULL) {
        return NULL;
    }
    do {
        if (read_block(run, false, &count) < 0) {
            Py_DECREF(dict);
            return NULL;
        }
        for (uint64_t left = count; left > 0; left--) {
            if (decode_member(run, node, dict) < 0) {
                Py_DECREF(dict);
                return NULL;
            }
        }
    } while (count > 0);
    return dict;
}

static PyObject *
decode_container(Decoding *run, const Node *node)
{
    if (depth_enter(&run->depth) < 0) {
        return NULL;
    }
    PyObject *value = node->op == OP_ARRAY ? decode_array(run, node) : decode_map(run, node);
    depth_leave(&run->depth);
    return value;
}

/* --- records --- */

static PyObject *
default_value(const Default *missing)
{
    return missing->made ? PyObject_CallNoArgs(missing->value) : Py_NewRef(missing->value);
}

/* The reader's fields go where they belong: into the slots of an object, or into an array. */
static int
decode_fields(Decoding *run, const Node *node, char *object, PyObject **values)
{
    for (Py_ssize_t i = 0; i < node->count; i++) {
        const Field *field = &node->fields[i];
        PyObject *value = NULL;
        if (field->place < 0 ? skip(run, field->node) < 0 : (value = decode(run, field->node)) == NULL) {
            steps_add(&run->steps, field->step);
            return -1;
        }
        if (value != NULL) {
            PyObject **to = object != NULL ? (PyObject **)(object + field->slot) : &values[field->place];
            Py_XSETREF(*to, value);
        }
    }
    for (Py_ssize_t i = 0; i < node->default_count; i++) {
        const Default *missing = &node->defaults[i];
        PyObject *value = default_value(missing);
        if (value == NULL) {
            return -1;
        }
        PyObject **to = object != NULL ? (PyObject **)(object + missing->slot) : &values[missing->place];
        Py_XSETREF(*to, value);
    }
    return 0;
}

static PyObject *
decode_slots(Decoding *run, const Node *node)
{
    PyTypeObject *kind = (PyTypeObject *)node->kind;
    PyObject *object = kind->tp_alloc(kind, 0);
    if (object != NULL && decode_fields(run, node, (char *)object, NULL) < 0) {
        Py_CLEAR(object);
    }
    return object;
}

static PyObject *
make_dictionary(const Node *node, PyObject **values)
{
    PyObject *dict = PyDict_New();
    if (dict == NULL) {
        return NULL;
    }
    int result = 0;
    if (node->extra != NULL) {
        result = PyDict_SetItem(dict, PyTuple_GET_ITEM(node->extra, 0), PyTuple_GET_ITEM(node->extra, 1));
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(node->keys) && result == 0; i++) {
        result = PyDict_SetItem(dict, PyTuple_GET_ITEM(node->keys, i), values[i]);
    }
    if (result < 0) {
        Py_CLEAR(dict);
    }
    return dict;
}

static PyObject *
decode_values(Decoding *run, const Node *node)
{
    PyObject *first[FIRST_FIELDS];
    Py_ssize_t count = PyTuple_GET_SIZE(node->keys);
    PyObject **values = count <= FIRST_FIELDS ? first : PyMem_Malloc((size_t)count * sizeof(PyObject *));
    if (values == NULL) {
        return PyErr_NoMemory();
    }
    memset(values, 0, (size_t)count * sizeof(PyObject *));
    PyObject *value = NULL;
    if (decode_fields(run, node, NULL, values) == 0) {
        value = node->op == OP_DICT ? make_dictionary(node, values) : PyObject_Vectorcall(node->kind, values, 0, node->keys);
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_XDECREF(values[i]);
    }
    if (values != first) {
        PyMem_Free(values);
    }
    return value;
}

static PyObject *
decode_record(Decoding *run, const Node *node)
{
    if (descend(run, node) < 0) {
        return NULL;
    }
    PyObject *value = node->op == OP_SLOTS ? decode_slots(run, node) : decode_values(run, node);
    ascend(run, node);
    return value;
}

static PyObject *
decode_union(Decoding *run, const Node *node)
{
    uint64_t number;
    if (read_number(run, false, &number) < 0) {
        return NULL;
    }
    if (number & 1 || number >> 1 >= (uint64_t)node->count) {
        refuse_branch(run, number, node->count);
        return NULL;
    }
    return decode(run, node->children[number >> 1]);
}

PyObject *
decode(Decoding *run, const Node *node)
{
    int64_t number;
    switch (node->op) {
    case OP_UNION:
        return decode_union(run, node);
    case OP_STRING:
        return read_text(run);
    case OP_INT:
    case OP_LONG:
        return read_integer(run, node, &number) < 0 ? NULL : PyLong_FromLongLong(number);
    case OP_FLOAT:
    case OP_DOUBLE:
        return decode_float(run, node);
    case OP_BOOLEAN:
        return decode_boolean(run);
    case OP_NULL:
        return Py_NewRef(Py_None);
    case OP_SLOTS:
    case OP_DICT:
    case OP_CALL:
        return decode_record(run, node);
    case OP_ARRAY:
    case OP_MAP:
        return decode_container(run, node);
    case OP_ENUM:
        return decode_enum(run, node);
    case OP_DATE:
    case OP_TIME:
    case OP_TIMESTAMP:
    case OP_LOCAL:
        return decode_moment(run, node);
    case OP_DECIMAL:
        return decode_decimal_value(run, node);
    case OP_UUID_TEXT:
        return decode_uuid_text(run, node);
    case OP_UUID_BYTES:
        return decode_uuid_bytes(run, node);
    case OP_BYTES:
    case OP_FIXED:
        return decode_bytes(run, node);
    case OP_CONVERT:
        return converted(node, decode(run, node->child));
    case OP_REFUSE:
        refuse(node->convert, NULL, NULL);
        return NULL;
    default:
        PyErr_SetString(PyExc_SystemError, "a node that decodes nothing");
        return NULL;
    }
}
