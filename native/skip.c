/* Passes over what the writer wrote and nobody reads. It is checked as far as is needed to find its end. */

#include "decoding.h"

static int
skip_number(Decoding *run, bool is_int)
{
    uint64_t number;
    return read_number(run, is_int, &number);
}

static int
skip_sized(Decoding *run)
{
    Py_ssize_t size;
    if (read_length(run, &size) < 0) {
        return -1;
    }
    run->at += size;
    return 0;
}

static int
skip_fixed(Decoding *run, Py_ssize_t size)
{
    if (need_bytes(run, size) < 0) {
        return -1;
    }
    run->at += size;
    return 0;
}

static int
skip_blocks(Decoding *run, const Node *node)
{
    bool array = node->op == OP_SKIP_ARRAY;
    Py_ssize_t index = 0;
    uint64_t count;
    do {
        if (read_block(run, node->flag, &count) < 0) {
            return -1;
        }
        for (uint64_t left = count; left > 0; left--, index++) {
            if (!array && skip_sized(run) < 0) {
                return -1;
            }
            if (skip(run, node->child) < 0) {
                if (array) {
                    steps_add_index(&run->steps, index);
                }
                return -1;
            }
        }
    } while (count > 0);
    return 0;
}

static int
skip_record(Decoding *run, const Node *node)
{
    if (descend(run, node) < 0) {
        return -1;
    }
    int result = 0;
    for (Py_ssize_t i = 0; i < node->count && result == 0; i++) {
        result = skip(run, node->fields[i].node);
        if (result < 0) {
            steps_add(&run->steps, node->fields[i].step);
        }
    }
    ascend(run, node);
    return result;
}

static int
skip_union(Decoding *run, const Node *node)
{
    uint64_t number;
    if (read_number(run, false, &number) < 0) {
        return -1;
    }
    if (number & 1 || number >> 1 >= (uint64_t)node->count) {
        refuse_branch(run, number, node->count);
        return -1;
    }
    return skip(run, node->children[number >> 1]);
}

int
skip(Decoding *run, const Node *node)
{
    switch (node->op) {
    case OP_SKIP_NULL:
        return 0;
    case OP_SKIP_INT:
        return skip_number(run, true);
    case OP_SKIP_LONG:
        return skip_number(run, false);
    case OP_SKIP_SIZED:
        return skip_sized(run);
    case OP_SKIP_FIXED:
        return skip_fixed(run, (Py_ssize_t)node->number);
    case OP_SKIP_UNION:
        return skip_union(run, node);
    case OP_SKIP_RECORD:
        return skip_record(run, node);
    case OP_SKIP_ARRAY:
    case OP_SKIP_MAP:
        if (depth_enter(&run->depth) < 0) {
            return -1;
        }
        int result = skip_blocks(run, node);
        depth_leave(&run->depth);
        return result;
    default:
        PyErr_SetString(PyExc_SystemError, "a node that skips nothing");
        return -1;
    }
}
