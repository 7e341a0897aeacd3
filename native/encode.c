/* Encodes a value: walks the nodes of a program and writes bytes. */

#include "encoding.h"

#if PY_BIG_ENDIAN
#error "floating point numbers are written as they stand in memory, which must be little-endian"
#endif

int
bytes_grow(Encoding *run, Py_ssize_t more)
{
    if (more > PY_SSIZE_T_MAX / 4 - run->size) {
        PyErr_NoMemory();
        return -1;
    }
    Py_ssize_t capacity = (run->size + more) * 2;
    bool first = run->data == run->first;
    unsigned char *data = PyMem_Realloc(first ? NULL : run->data, (size_t)capacity);
    if (data == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (first) {
        memcpy(data, run->first, (size_t)run->size);
    }
    run->data = data;
    run->capacity = capacity;
    return 0;
}

/* What Python makes of an unusual value; that is of the exact class, and does not come here twice. */
static PyObject *
converted(const Node *node, PyObject *value)
{
    Py_INCREF(value);
    PyObject *found = PyObject_CallOneArg(node->convert, value);
    Py_DECREF(value);
    return found;
}

static int
expected(const char *what)
{
    PyErr_Format(PyExc_SystemError, "a conversion did not give %s", what);
    return -1;
}

static int
encode_boolean(Encoding *run, const Node *node, PyObject *value)
{
    if (PyBool_Check(value)) {
        return write_byte(run, value == Py_True);
    }
    PyObject *found = converted(node, value);
    if (found == NULL) {
        return -1;
    }
    int result = write_byte(run, found == Py_True);
    Py_DECREF(found);
    return result;
}

/* Whether an int is of one digit of Python's, which are of 30 bits or of 15. */
static inline bool
one_digit(PyObject *value, int64_t *number)
{
#if PY_VERSION_HEX >= 0x030C0000
    const PyLongObject *integer = (const PyLongObject *)value;
    *number = PyUnstable_Long_IsCompact(integer) ? PyUnstable_Long_CompactValue(integer) : 0;
    return PyUnstable_Long_IsCompact(integer);
#else
    Py_ssize_t size = Py_SIZE(value);
    *number = size * (int64_t)((PyLongObject *)value)->ob_digit[0];
    return size >= -1 && size <= 1;
#endif
}

/* Whether an int was written; 0 where it does not fit, which the conversion says better. */
static int
write_integer(Encoding *run, const Node *node, PyObject *value)
{
    int overflow;
    int64_t number;
    if (one_digit(value, &number)) {
        return write_long(run, number) < 0 ? -1 : 1;
    }
    number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow || (node->op == OP_INT && (number < INT32_MIN || number > INT32_MAX))) {
        return 0;
    }
    if (number == -1 && PyErr_Occurred()) {
        return -1;
    }
    return write_long(run, number) < 0 ? -1 : 1;
}

static int
encode_integer(Encoding *run, const Node *node, PyObject *value)
{
    if (PyLong_CheckExact(value)) {
        int done = write_integer(run, node, value);
        if (done) {
            return done < 0 ? -1 : 0;
        }
    }
    PyObject *found = converted(node, value);
    if (found == NULL) {
        return -1;
    }
    int done = PyLong_Check(found) ? write_integer(run, node, found) : 0;
    Py_DECREF(found);
    return done > 0 ? 0 : done < 0 ? -1 : expected("a number of the right size");
}

static int
write_float(Encoding *run, const Node *node, double number)
{
    if (node->op == OP_DOUBLE) {
        return write_bytes(run, &number, sizeof(number));
    }
    float single = (float)number;
    return write_bytes(run, &single, sizeof(single));
}

/* The first number that rounds to infinity as a 32-bit float; as to_avro.FLOAT_MAX. */
#define FLOAT_MAX 3.4028235677973366e38

static int
encode_float(Encoding *run, const Node *node, PyObject *value)
{
    if (PyFloat_CheckExact(value)) {
        double number = PyFloat_AS_DOUBLE(value);
        if (node->op == OP_DOUBLE || (number > -FLOAT_MAX && number < FLOAT_MAX)) {
            return write_float(run, node, number);
        }
    }
    PyObject *found = converted(node, value);
    if (found == NULL) {
        return -1;
    }
    double number = PyFloat_AsDouble(found);
    Py_DECREF(found);
    return number == -1.0 && PyErr_Occurred() ? -1 : write_float(run, node, number);
}

static int
write_text(Encoding *run, PyObject *text)
{
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(text) < 0) {
        return -1;
    }
#endif
    if (PyUnicode_IS_COMPACT_ASCII(text)) {
        return write_sized(run, PyUnicode_1BYTE_DATA(text), PyUnicode_GET_LENGTH(text));
    }
    PyObject *data = PyUnicode_AsUTF8String(text); /* which, unlike AsUTF8AndSize, keeps nothing in the text */
    if (data == NULL) {
        steps_own(&run->steps);
        return -1;
    }
    int result = write_sized(run, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data));
    Py_DECREF(data);
    return result;
}

static int
encode_string(Encoding *run, const Node *node, PyObject *value)
{
    if (PyUnicode_CheckExact(value)) {
        if (PyUnicode_IS_COMPACT_ASCII(value)) {
            return write_sized(run, PyUnicode_1BYTE_DATA(value), PyUnicode_GET_LENGTH(value));
        }
        return write_text(run, value);
    }
    PyObject *found = converted(node, value);
    if (found == NULL) {
        return -1;
    }
    int result = PyUnicode_Check(found) ? write_text(run, found) : expected("a str");
    Py_DECREF(found);
    return result;
}

static int
encode_bytes(Encoding *run, const Node *node, PyObject *value)
{
    bool fixed = node->op == OP_FIXED;
    if (PyBytes_CheckExact(value) && (!fixed || PyBytes_GET_SIZE(value) == node->number)) {
        Py_ssize_t size = PyBytes_GET_SIZE(value);
        return fixed ? write_bytes(run, PyBytes_AS_STRING(value), size) : write_sized(run, PyBytes_AS_STRING(value), size);
    }
    PyObject *found = converted(node, value);
    if (found == NULL) {
        return -1;
    }
    int result = -1;
    if (!PyBytes_Check(found) || (fixed && PyBytes_GET_SIZE(found) != node->number)) {
        expected("bytes");
    }
    else {
        Py_ssize_t size = PyBytes_GET_SIZE(found);
        result = fixed ? write_bytes(run, PyBytes_AS_STRING(found), size) : write_sized(run, PyBytes_AS_STRING(found), size);
    }
    Py_DECREF(found);
    return result;
}

/* --- logical types --- */

static int
encode_converted(Encoding *run, const Node *node, PyObject *value)
{
    PyObject *found = converted(node, value);
    if (found == NULL) {
        return -1;
    }
    int result = encode(run, node->child, found);
    Py_DECREF(found);
    return result;
}

static int
encode_moment(Encoding *run, const Node *node, PyObject *value)
{
    int64_t number;
    int done;
    switch (node->op) {
    case OP_DATE:
        done = encode_days(value, &number);
        break;
    case OP_TIME:
        done = encode_time(value, node->number, &number);
        break;
    default:
        done = encode_timestamp(value, node->op == OP_LOCAL, node->number, &number);
    }
    return done ? write_long(run, number) : encode_converted(run, node, value);
}

static int
encode_uuid_value(Encoding *run, const Node *node, PyObject *value)
{
    unsigned char bytes[16];
    if (!encode_uuid(run->state, value, bytes)) {
        return encode_converted(run, node, value);
    }
    if (node->op == OP_UUID_TEXT) {
        char text[UUID_TEXT];
        uuid_text(bytes, text);
        return write_sized(run, text, UUID_TEXT);
    }
    return node->child->op == OP_FIXED ? write_bytes(run, bytes, 16) : write_sized(run, bytes, 16);
}

/* Two's complement, of a fixed size or of the size that to_avro gives it. */
static int
encode_decimal_value(Encoding *run, const Node *node, PyObject *value)
{
    int64_t unscaled;
    int done = encode_decimal(run->state, value, node->number, node->other, &unscaled);
    if (done < 0) {
        return -1;
    }
    unsigned char bytes[8];
    Py_ssize_t needed = 1;
    /* The size is that of the number without its sign: -128 takes two bytes, as in Python. */
    for (uint64_t rest = done ? (uint64_t)(unscaled < 0 ? -unscaled : unscaled) >> 7 : 0; rest; rest >>= 8) {
        needed++;
    }
    bool fixed = node->child->op == OP_FIXED;
    Py_ssize_t size = fixed ? (Py_ssize_t)node->child->number : needed;
    if (!done || needed > size) {
        return encode_converted(run, node, value);
    }
    if ((!fixed && write_long(run, size) < 0) || bytes_reserve(run, size) < 0) {
        return -1;
    }
    for (int i = 7; i >= 0; i--) {
        bytes[i] = (unsigned char)((uint64_t)unscaled >> (8 * (7 - i)));
    }
    unsigned char *out = run->data + run->size;
    Py_ssize_t more = size > 8 ? size - 8 : 0;
    memset(out, unscaled < 0 ? 0xFF : 0, (size_t)more);
    memcpy(out + more, bytes + 8 - (size - more), (size_t)(size - more));
    run->size += size;
    return 0;
}

/* --- enums, arrays and maps --- */

static int
encode_enum(Encoding *run, const Node *node, PyObject *value)
{
    PyObject **members = &PyTuple_GET_ITEM(node->members, 0);
    Py_ssize_t count = PyTuple_GET_SIZE(node->members);
    for (Py_ssize_t i = 0; i < count; i++) {
        if (members[i] == value) {
            return write_long(run, i);
        }
    }
    PyObject *symbol = (PyObject *)Py_TYPE(value) == node->kind ? Py_NewRef(value) : converted(node, value);
    if (symbol == NULL) {
        return -1;
    }
    PyObject *data = PyObject_GetItem(node->extra, symbol);
    Py_DECREF(symbol);
    if (data == NULL) {
        return -1;
    }
    int result = PyBytes_Check(data) ? write_bytes(run, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)) : expected("bytes");
    Py_DECREF(data);
    return result;
}

static int
encode_items(Encoding *run, const Node *node, PyObject *list)
{
    Py_ssize_t count = PyList_GET_SIZE(list);
    if (count == 0) {
        return write_byte(run, 0);
    }
    if (write_long(run, count) < 0) {
        return -1;
    }
    if (node->flag) {
        run->empty += count;
        if (run->empty > MAX_EMPTY_ITEMS) {
            return refuse(run->state->too_many_empty, NULL, NULL);
        }
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) { /* code of a value may change the list */
        if (encode(run, node->child, PyList_GET_ITEM(list, i)) < 0) {
            steps_add_index(&run->steps, i);
            return -1;
        }
    }
    if (PyList_GET_SIZE(list) != count) {
        PyErr_SetString(PyExc_RuntimeError, "list changed size during iteration");
        return -1;
    }
    return write_byte(run, 0);
}

static int
encode_key(Encoding *run, const Node *node, PyObject *key)
{
    if (PyUnicode_CheckExact(key)) {
        return write_text(run, key);
    }
    PyObject *text = PyObject_CallOneArg(node->keys, key);
    if (text == NULL) {
        return -1;
    }
    int result = PyUnicode_Check(text) ? write_text(run, text) : expected("a str");
    Py_DECREF(text);
    return result;
}

static int
encode_members(Encoding *run, const Node *node, PyObject *dict)
{
    Py_ssize_t count = PyDict_GET_SIZE(dict), written = 0, position = 0;
    if (count == 0) {
        return write_byte(run, 0);
    }
    if (write_long(run, count) < 0) {
        return -1;
    }
    PyObject *key, *value;
    while (PyDict_Next(dict, &position, &key, &value)) {
        Py_INCREF(key); /* code of a key or value may change the dict */
        Py_INCREF(value);
        int result = encode_key(run, node, key);
        if (result == 0 && (result = encode(run, node->child, value)) < 0) {
            steps_add_key(&run->steps, key);
        }
        Py_DECREF(key);
        Py_DECREF(value);
        if (result < 0) {
            return -1;
        }
        written++;
        if (PyDict_GET_SIZE(dict) != count) {
            PyErr_SetString(PyExc_RuntimeError, "dictionary changed size during iteration");
            return -1;
        }
    }
    if (written != count) {
        PyErr_SetString(PyExc_RuntimeError, "dictionary keys changed during iteration");
        return -1;
    }
    return write_byte(run, 0);
}

static int
encode_container(Encoding *run, const Node *node, PyObject *value)
{
    bool array = node->op == OP_ARRAY;
    bool exact = array ? PyList_CheckExact(value) : PyDict_CheckExact(value);
    PyObject *found = exact ? Py_NewRef(value) : converted(node, value);
    if (found == NULL) {
        return -1;
    }
    int result = -1;
    if (array ? !PyList_Check(found) : !PyDict_Check(found)) {
        expected("a list or dict");
    }
    else if (depth_enter(&run->depth) == 0) {
        result = array ? encode_items(run, node, found) : encode_members(run, node, found);
        depth_leave(&run->depth);
    }
    Py_DECREF(found);
    return result;
}

/* --- records --- */

static int
encode_attribute(Encoding *run, const Field *field, PyObject *value)
{
    PyObject *part = PyObject_GetAttr(value, field->name);
    if (part == NULL) {
        PyObject *type, *error, *trace;
        PyErr_Fetch(&type, &error, &trace);
        bool own = trace == NULL; /* otherwise it is about code of a derived class */
        PyErr_Restore(type, error, trace);
        if (own) {
            steps_own(&run->steps);
        }
        return -1;
    }
    int result = encode(run, field->node, part);
    Py_DECREF(part);
    return result;
}

static int
encode_attributes(Encoding *run, const Node *node, PyObject *value)
{
    bool exact = (PyObject *)Py_TYPE(value) == node->kind;
    PyObject *found = exact ? Py_NewRef(value) : converted(node, value);
    if (found == NULL) {
        return -1;
    }
    int result = 0;
    for (Py_ssize_t i = 0; i < node->count; i++) {
        const Field *field = &node->fields[i];
        PyObject *part = exact && field->slot > 0 ? *(PyObject **)((char *)found + field->slot) : NULL;
        if (part != NULL ? encode(run, field->node, part) < 0 : encode_attribute(run, field, found) < 0) {
            steps_add(&run->steps, field->step);
            result = -1;
            break;
        }
    }
    Py_DECREF(found);
    return result;
}

/* Whether a dictionary has as many keys as the record has fields, and its tag. */
static int
usual_dictionary(const Node *node, PyObject *value)
{
    if (!PyDict_CheckExact(value) || PyDict_GET_SIZE(value) != node->count + (node->extra != NULL)) {
        return 0;
    }
    if (node->extra == NULL) {
        return 1;
    }
    PyObject *key = PyTuple_GET_ITEM(node->extra, 0), *tag = PyTuple_GET_ITEM(node->extra, 1);
    PyObject *found = PyDict_GetItemWithError(value, key);
    if (found == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    return PyUnicode_CheckExact(found) && PyUnicode_Compare(found, tag) == 0;
}

/* The value of a key, its default where it may be left out, or NULL. */
static PyObject *
dictionary_item(Encoding *run, const Field *field, PyObject *value, bool *in_field)
{
    *in_field = true;
    PyObject *part = PyDict_GetItemWithError(value, field->name);
    if (part != NULL || PyErr_Occurred()) {
        return Py_XNewRef(part);
    }
    if (field->absent != NULL) {
        *in_field = false;
        return PyObject_CallOneArg(field->absent, value);
    }
    PyErr_SetObject(PyExc_KeyError, field->name);
    steps_own(&run->steps);
    return NULL;
}

static int
encode_items_of_dictionary(Encoding *run, const Node *node, PyObject *value)
{
    int usual = usual_dictionary(node, value);
    if (usual < 0) {
        return -1;
    }
    PyObject *found = usual ? Py_NewRef(value) : converted(node, value);
    if (found == NULL) {
        return -1;
    }
    int result = PyDict_Check(found) ? 0 : expected("a dict");
    for (Py_ssize_t i = 0; i < node->count && result == 0; i++) {
        const Field *field = &node->fields[i];
        bool in_field;
        PyObject *part = dictionary_item(run, field, found, &in_field);
        if (part == NULL) {
            result = -1;
        }
        else {
            in_field = true;
            result = encode(run, field->node, part);
            Py_DECREF(part);
        }
        if (result < 0 && in_field) {
            steps_add(&run->steps, field->step);
        }
    }
    Py_DECREF(found);
    return result;
}

static int
encode_record(Encoding *run, const Node *node, PyObject *value)
{
    if (node->flag && run->depth.depth == MAX_DEPTH) {
        return refuse(run->state->too_deep, NULL, NULL);
    }
    if (depth_enter(&run->depth) < 0) {
        return -1;
    }
    run->depth.depth += node->flag;
    int result = node->op == OP_OBJECT ? encode_attributes(run, node, value) : encode_items_of_dictionary(run, node, value);
    run->depth.depth -= node->flag;
    depth_leave(&run->depth);
    return result;
}

/* --- unions --- */

static int
encode_branch(Encoding *run, const Node *node, PyObject *value)
{
    if (depth_enter(&run->depth) < 0) { /* a union may contain itself through arrays only, but schemas may be deep */
        return -1;
    }
    int result = write_long(run, node->number) < 0 ? -1 : encode(run, node->child, value);
    depth_leave(&run->depth);
    return result;
}

static int
encode_union(Encoding *run, const Node *node, PyObject *value)
{
    for (Py_ssize_t i = 0; i < node->count; i++) {
        if (Py_IS_TYPE(value, node->kinds[i].kind)) {
            return encode_branch(run, node->kinds[i].node, value);
        }
    }
    return encode_choice(run, node, value);
}

int
encode(Encoding *run, const Node *node, PyObject *value)
{
    switch (node->op) {
    case OP_NULLABLE:
        if (value == Py_None) {
            return write_long(run, node->number);
        }
        if (write_long(run, node->other) < 0) {
            return -1;
        }
        return encode(run, node->child, value);
    case OP_STRING:
        return encode_string(run, node, value);
    case OP_INT:
    case OP_LONG:
        return encode_integer(run, node, value);
    case OP_FLOAT:
    case OP_DOUBLE:
        return encode_float(run, node, value);
    case OP_BOOLEAN:
        return encode_boolean(run, node, value);
    case OP_OBJECT:
    case OP_DICT:
        return encode_record(run, node, value);
    case OP_ARRAY:
    case OP_MAP:
        return encode_container(run, node, value);
    case OP_ENUM:
        return encode_enum(run, node, value);
    case OP_DATE:
    case OP_TIME:
    case OP_TIMESTAMP:
    case OP_LOCAL:
        return encode_moment(run, node, value);
    case OP_DECIMAL:
        return encode_decimal_value(run, node, value);
    case OP_UUID_TEXT:
    case OP_UUID_BYTES:
        return encode_uuid_value(run, node, value);
    case OP_CONVERT:
        return encode_converted(run, node, value);
    case OP_BYTES:
    case OP_FIXED:
        return encode_bytes(run, node, value);
    case OP_CHOICE:
        return encode_union(run, node, value);
    case OP_BRANCH:
        return encode_branch(run, node, value);
    case OP_NULL:
        if (value == Py_None) {
            return 0;
        }
        PyObject *found = converted(node, value);
        Py_XDECREF(found);
        return found == NULL ? -1 : 0;
    default:
        PyErr_SetString(PyExc_SystemError, "a node that encodes nothing");
        return -1;
    }
}
