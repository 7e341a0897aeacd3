/* Numbers, blocks and depths of broken data: what is usual is inline in decoding.h. */

#include "decoding.h"

void
refuse_end(Decoding *run)
{
    PyErr_SetObject(run->state->misfit, run->state->ends);
}

/* The function in Python that reads such a number says what is wrong with it. */
void
refuse_number(Decoding *run, bool is_int)
{
    PyObject *position = PyLong_FromSsize_t(run->at - run->start);
    PyObject *first = PyLong_FromLong(run->at[-1]);
    if (position == NULL || first == NULL) {
        Py_XDECREF(position);
        Py_XDECREF(first);
        return;
    }
    PyObject *arguments[3] = {run->data, position, first};
    PyObject *result = PyObject_Vectorcall(is_int ? run->state->int_number : run->state->long_number, arguments, 3, NULL);
    Py_DECREF(position);
    Py_DECREF(first);
    if (result != NULL) {
        Py_DECREF(result);
        PyErr_SetString(PyExc_SystemError, "a number is wrong for one codec only");
    }
}

int
read_long_number(Decoding *run, bool is_int, uint64_t *number)
{
    const unsigned char *at = run->at++;
    uint64_t found = *at++ & 0x7F;
    for (int shift = 7; shift < 70 && at < run->end; shift += 7) {
        uint64_t byte = *at++;
        if (shift == 63 && byte > 1) { /* of the tenth byte one bit is left */
            break;
        }
        found |= (byte & 0x7F) << shift;
        if (byte <= 0x7F) {
            if (is_int && found > UINT32_MAX) {
                break;
            }
            run->at = at;
            *number = found;
            return 0;
        }
    }
    refuse_number(run, is_int);
    return -1;
}

void
refuse_length(Decoding *run, uint64_t number)
{
    refuse(run->state->too_short, PyLong_FromUnsignedLongLong(number), PyLong_FromSsize_t(bytes_left(run)));
}

void
refuse_size(Decoding *run, Py_ssize_t size)
{
    refuse(run->state->too_few_bytes, PyLong_FromSsize_t(size), PyLong_FromSsize_t(bytes_left(run)));
}

void
refuse_branch(Decoding *run, uint64_t number, Py_ssize_t branches)
{
    refuse(run->state->bad_branch, PyLong_FromUnsignedLongLong(number), PyLong_FromSsize_t(branches));
}

int
descend(Decoding *run, const Node *record)
{
    if (record->flag && run->depth.depth == MAX_DEPTH) {
        return refuse(run->state->too_deep, NULL, NULL);
    }
    if (depth_enter(&run->depth) < 0) {
        return -1;
    }
    run->depth.depth += record->flag;
    return 0;
}

void
ascend(Decoding *run, const Node *record)
{
    run->depth.depth -= record->flag;
    depth_leave(&run->depth);
}

/* A negative count is followed by the size of the block, for those who want to skip it; here items are looked at one by one. */
static int
read_block_size(Decoding *run, uint64_t count)
{
    const unsigned char *before = run->at;
    uint64_t size;
    if (run->at >= run->end || read_number(run, false, &size) < 0 || size & 1 || size >> 1 > (uint64_t)bytes_left(run)) {
        PyErr_Clear();
        run->at = before;
        PyObject *position = PyLong_FromSsize_t(run->at - run->start), *number = PyLong_FromUnsignedLongLong(count);
        if (position == NULL || number == NULL) {
            Py_XDECREF(position);
            Py_XDECREF(number);
            return -1;
        }
        PyObject *arguments[3] = {run->data, position, number};
        PyObject *result = PyObject_Vectorcall(run->state->sized_block, arguments, 3, NULL);
        Py_DECREF(position);
        Py_DECREF(number);
        if (result != NULL) {
            Py_DECREF(result);
            PyErr_SetString(PyExc_SystemError, "a block is wrong for one codec only");
        }
        return -1;
    }
    return 0;
}

int
read_block(Decoding *run, bool without_bytes, uint64_t *count)
{
    uint64_t number;
    if (read_number(run, false, &number) < 0) {
        return -1;
    }
    if (number & 1) {
        if (read_block_size(run, number) < 0) {
            return -1;
        }
        *count = (number >> 1) + 1;
    }
    else {
        *count = number >> 1;
    }
    if (without_bytes) {
        if (*count > (uint64_t)(MAX_EMPTY_ITEMS - run->empty)) {
            return refuse(run->state->too_many_empty, NULL, NULL);
        }
        run->empty += (int64_t)*count;
    }
    else if (*count > (uint64_t)bytes_left(run)) {
        return refuse(run->state->too_many_items, PyLong_FromUnsignedLongLong(*count), PyLong_FromSsize_t(bytes_left(run)));
    }
    return 0;
}
