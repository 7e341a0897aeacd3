/* A run of an encoder: the bytes that it wrote so far. */

#ifndef KONTRAKT_ENCODING_H
#define KONTRAKT_ENCODING_H

#include "native.h"

#define FIRST_BYTES 1024

typedef struct {
    const State *state;
    const Program *program;
    unsigned char *data;
    Py_ssize_t size;
    Py_ssize_t capacity;
    int64_t empty; /* items without bytes so far */
    Depth depth;
    Steps steps;
    unsigned char first[FIRST_BYTES]; /* where the bytes are until they are more */
} Encoding;

/* The value is borrowed from what it is a part of, and may be gone as soon as code in Python has run: who still needs it then has to hold
   it. */
int encode(Encoding *run, const Node *node, PyObject *value);

/* What a union does where the class of a value does not say the branch; `choose` calls back through the types Output and Fit. */
int encode_choice(Encoding *run, const Node *node, PyObject *value);

int bytes_grow(Encoding *run, Py_ssize_t more);

static inline int
bytes_reserve(Encoding *run, Py_ssize_t more)
{
    return run->capacity - run->size >= more ? 0 : bytes_grow(run, more);
}

static inline int
write_byte(Encoding *run, unsigned char byte)
{
    if (bytes_reserve(run, 1) < 0) {
        return -1;
    }
    run->data[run->size++] = byte;
    return 0;
}

static inline int
write_bytes(Encoding *run, const void *data, Py_ssize_t size)
{
    if (bytes_reserve(run, size) < 0) {
        return -1;
    }
    memcpy(run->data + run->size, data, (size_t)size);
    run->size += size;
    return 0;
}

/* A number of up to 64 bits, seven in each byte, the lowest first, zigzag. */
static inline int
write_long(Encoding *run, int64_t value)
{
    if (bytes_reserve(run, 10) < 0) {
        return -1;
    }
    uint64_t number = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
    unsigned char *out = run->data + run->size;
    while (number > 0x7F) {
        *out++ = (unsigned char)(number | 0x80);
        number >>= 7;
    }
    *out++ = (unsigned char)number;
    run->size = out - run->data;
    return 0;
}

static inline int
write_sized(Encoding *run, const void *data, Py_ssize_t size)
{
    if (size < 64) { /* most are, and have a length of one byte */
        if (bytes_reserve(run, 1 + size) < 0) {
            return -1;
        }
        unsigned char *out = run->data + run->size;
        *out = (unsigned char)(size << 1);
        memcpy(out + 1, data, (size_t)size);
        run->size += 1 + size;
        return 0;
    }
    return write_long(run, size) < 0 ? -1 : write_bytes(run, data, size);
}

#endif
