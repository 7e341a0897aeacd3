/* A run of a decoder: the bytes, and where it is in them. */

#ifndef KONTRAKT_DECODING_H
#define KONTRAKT_DECODING_H

#include "native.h"

typedef struct {
    const State *state;
    PyObject *data; /* the bytes that all of these are in */
    const unsigned char *start;
    const unsigned char *at;
    const unsigned char *end;
    int64_t empty; /* items without bytes so far */
    Depth depth;
    Steps steps;
} Decoding;

/* A new reference, or NULL with an error. */
PyObject *decode(Decoding *run, const Node *node);
int skip(Decoding *run, const Node *node);

static inline Py_ssize_t
bytes_left(const Decoding *run)
{
    return run->end - run->at;
}

/* Each raises what is wrong. */
void refuse_end(Decoding *run);
void refuse_number(Decoding *run, bool is_int);
void refuse_length(Decoding *run, uint64_t number);
void refuse_size(Decoding *run, Py_ssize_t size);
void refuse_branch(Decoding *run, uint64_t number, Py_ssize_t branches);

int descend(Decoding *run, const Node *record);
void ascend(Decoding *run, const Node *record);

/* The rest of a number of more than one byte. */
int read_long_number(Decoding *run, bool is_int, uint64_t *number);

/* A number as it stands in the bytes. One that is wrong leaves the position after its first byte. */
static inline int
read_number(Decoding *run, bool is_int, uint64_t *number)
{
    if (run->at >= run->end) {
        refuse_end(run);
        return -1;
    }
    if (*run->at <= 0x7F) {
        *number = *run->at++;
        return 0;
    }
    return read_long_number(run, is_int, number);
}

static inline int64_t
meant(uint64_t number)
{
    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

/* The length of what follows, which is all there. */
static inline int
read_length(Decoding *run, Py_ssize_t *length)
{
    uint64_t number;
    if (read_number(run, false, &number) < 0) {
        return -1;
    }
    if (number & 1 || number >> 1 > (uint64_t)bytes_left(run)) {
        refuse_length(run, number);
        return -1;
    }
    *length = (Py_ssize_t)(number >> 1);
    return 0;
}

static inline int
need_bytes(Decoding *run, Py_ssize_t size)
{
    if (size > bytes_left(run)) {
        refuse_size(run, size);
        return -1;
    }
    return 0;
}

/* The count of the next block of an array or map; 0 after the last one. */
int read_block(Decoding *run, bool without_bytes, uint64_t *count);

#endif
