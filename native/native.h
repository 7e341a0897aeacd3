/* What all files of the native codec share: the module's state, the nodes of a program, and what a run of one keeps.

   A program is a graph of nodes that kontrakt/codec/native.py describes as tuples. Values of the exact class that a node expects are
   handled here; for all others, and for whatever is wrong, the functions of the codec in Python are called, so that both codecs take
   the same values and raise the same errors. */

#ifndef KONTRAKT_NATIVE_H
#define KONTRAKT_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Of kontrakt.codec.base; the module checks at import that they are the same there. */
#define MAX_DEPTH 128
#define MAX_EMPTY_ITEMS 100000

/* How deep nodes may stand inside each other in one run, whatever Python's own limit is: the stack of C must hold it. */
#define MAX_LEVELS 5000

/* The state of the module: its types, and what it borrows from Python. All references are owned. */
typedef struct {
    PyTypeObject *encoder;
    PyTypeObject *decoder;
    PyTypeObject *output;
    PyTypeObject *fit;
    /* kontrakt.codec.misfit and kontrakt.codec.binary */
    PyObject *misfit;
    PyObject *ends;
    PyObject *long_number;
    PyObject *int_number;
    PyObject *sized_block;
    PyObject *too_short;
    PyObject *too_few_bytes;
    PyObject *too_many_items;
    PyObject *too_many_empty;
    PyObject *bad_boolean;
    PyObject *bad_branch;
    PyObject *too_deep;
    /* decimal and uuid */
    PyTypeObject *decimal;
    PyTypeObject *uuid;
    PyObject *safe_unknown;
    Py_ssize_t uuid_int;     /* the offsets of a UUID's slots, or -1 where it is not made of just them */
    Py_ssize_t uuid_is_safe;
    /* names */
    PyObject *steps;
} State;

typedef enum {
    /* both directions */
    OP_NULL,
    OP_BOOLEAN,
    OP_INT,
    OP_LONG,
    OP_FLOAT,
    OP_DOUBLE,
    OP_STRING,
    OP_BYTES,
    OP_FIXED,
    OP_CONVERT,
    OP_DATE,
    OP_TIME,
    OP_TIMESTAMP,
    OP_LOCAL,
    OP_UUID_TEXT,
    OP_UUID_BYTES,
    OP_DECIMAL,
    OP_ENUM,
    OP_ARRAY,
    OP_MAP,
    OP_DICT,
    /* encoding */
    OP_OBJECT,
    OP_NULLABLE,
    OP_CHOICE,
    OP_BRANCH,
    /* decoding */
    OP_SLOTS,
    OP_CALL,
    OP_UNION,
    OP_REFUSE,
    /* passing over what nobody reads */
    OP_SKIP_NULL,
    OP_SKIP_INT,
    OP_SKIP_LONG,
    OP_SKIP_SIZED,
    OP_SKIP_FIXED,
    OP_SKIP_ARRAY,
    OP_SKIP_MAP,
    OP_SKIP_UNION,
    OP_SKIP_RECORD,
} Op;

typedef struct Node Node;

/* A field of a record. */
typedef struct {
    PyObject *name;   /* the attribute or key; NULL where a field is passed over */
    PyObject *step;   /* what it is in a path, such as ".price" */
    PyObject *absent; /* encoding a dictionary: makes the default, or NULL */
    Node *node;
    Py_ssize_t slot;  /* the offset of its slot, or -1 */
    Py_ssize_t place; /* decoding: its place among the reader's fields, or -1 where it is passed over */
} Field;

/* A field that was not written. */
typedef struct {
    PyObject *value; /* or what makes it */
    bool made;
    Py_ssize_t slot;
    Py_ssize_t place;
} Default;

/* The class of a union's branch. */
typedef struct {
    PyTypeObject *kind;
    Node *node;
} Kind;

/* References of nodes are borrowed: the description that they were made of keeps all of them alive. */
struct Node {
    Op op;
    bool flag;           /* a record: whether it may contain itself; an array: whether its items take no bytes */
    int64_t number;      /* a size, a unit, a precision, the index of a branch */
    int64_t other;       /* a scale, another index */
    PyObject *convert;   /* what is called for unusual values */
    PyObject *keys;      /* as_key of a map; the names or keys of a record's fields */
    PyObject *kind;      /* the exact class; the mapping of an enum; what a record is made by */
    PyObject *extra;     /* the tag of a dictionary; the conversion of an enum; the method of a choice */
    PyObject *members;   /* of an enum: a tuple */
    Node *child;
    Py_ssize_t count;
    Node **children;
    Field *fields;
    Py_ssize_t default_count;
    Default *defaults;
    Kind *kinds;
};

typedef struct {
    Node *root;
    Node *nodes;
    Py_ssize_t count;
    PyObject *description;
} Program;

/* Makes a program of its description; an empty one stays behind when it fails. */
int program_build(Program *program, PyObject *description);
void program_clear(Program *program);

/* The offset of a slot of a class, or -1 where an attribute is anything else than a plain slot. */
Py_ssize_t slot_offset(PyTypeObject *kind, PyObject *name);
/* Whether objects of a class are nothing but their slots, so that a bare one may be filled. */
bool only_slots(PyTypeObject *kind);

/* The path of a failure, innermost step first, in a list that is made when it is needed. */
typedef struct {
    PyObject *list;
} Steps;

void steps_add(Steps *steps, PyObject *step);
void steps_add_index(Steps *steps, Py_ssize_t index);
void steps_add_key(Steps *steps, PyObject *key);
void steps_own(Steps *steps);
void steps_clear(Steps *steps);

/* Calls a function that raises. Steals its arguments, of which there are up to two; returns -1. */
int refuse(PyObject *function, PyObject *first, PyObject *second);

/* The error that is raised, with its traceback, or NULL where it is none that says something about the value or data: then it
   stays raised. */
PyObject *take_error(void);

/* How deep a run is. */
typedef struct {
    int levels;
    int limit; /* of levels, until somebody asks for Python's own */
    int depth; /* records of recursive types */
} Depth;

#define FIRST_LEVELS 32

/* Another limit, or an error where Python's own is reached. */
int depth_extend(Depth *depth);

static inline int
depth_enter(Depth *depth)
{
    if (depth->levels >= depth->limit && depth_extend(depth) < 0) {
        return -1;
    }
    if (Py_EnterRecursiveCall(" in a value")) {
        return -1;
    }
    depth->levels++;
    return 0;
}

static inline void
depth_leave(Depth *depth)
{
    depth->levels--;
    Py_LeaveRecursiveCall();
}

/* Logical types, each in both directions. Encoding returns 1 when it was done, 0 when the value is unusual and Python has to look
   at it; decoding returns NULL without an error where Python has to. */
int logical_start(State *state);
int encode_days(PyObject *value, int64_t *days);
int encode_time(PyObject *value, int64_t micros, int64_t *number);
int encode_timestamp(PyObject *value, bool local, int64_t micros, int64_t *number);
PyObject *decode_days(int64_t days);
PyObject *decode_time(int64_t number, int64_t unit);
PyObject *decode_timestamp(int64_t number, bool local, int64_t unit);

#define UUID_TEXT 36
int encode_uuid(const State *state, PyObject *value, unsigned char bytes[16]);
void uuid_text(const unsigned char bytes[16], char text[UUID_TEXT]);
bool uuid_parse(const unsigned char *text, Py_ssize_t size, unsigned char bytes[16]);
PyObject *decode_uuid(const State *state, const unsigned char bytes[16]);

int encode_decimal(const State *state, PyObject *value, int64_t precision, int64_t scale, int64_t *unscaled);
PyObject *decode_decimal(const State *state, const unsigned char *bytes, Py_ssize_t size, int64_t scale);

extern struct PyModuleDef native_module;
extern PyType_Spec encoder_spec;
extern PyType_Spec decoder_spec;
extern PyType_Spec output_spec;
extern PyType_Spec fit_spec;

#endif
