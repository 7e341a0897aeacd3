/* Logical types: dates, times, UUIDs and decimals of the exact classes, and numbers in the usual ranges. */

#include "native.h"

#include <datetime.h>

#define SECOND INT64_C(1000000)
#define DAY (INT64_C(86400) * SECOND)
#define FIRST_DAY (-719162) /* 0001-01-01, in days since 1970-01-01 */
#define LAST_DAY 2932896    /* 9999-12-31 */
#define DECIMAL_DIGITS 18   /* as many digits as an int64_t always holds */

int
logical_start(State *state)
{
    PyDateTime_IMPORT;
    if (PyDateTimeAPI == NULL) {
        return -1;
    }
    state->uuid_int = state->uuid_is_safe = -1;
    PyObject *first = PyUnicode_InternFromString("int"), *second = PyUnicode_InternFromString("is_safe");
    if (first != NULL && second != NULL && only_slots(state->uuid)) {
        Py_ssize_t one = slot_offset(state->uuid, first), other = slot_offset(state->uuid, second);
        if (one > 0 && other > 0) {
            state->uuid_int = one;
            state->uuid_is_safe = other;
        }
    }
    Py_XDECREF(first);
    Py_XDECREF(second);
    return PyErr_Occurred() ? -1 : 0;
}

static int64_t
floor_divide(int64_t number, int64_t by)
{
    int64_t quotient = number / by;
    return number % by < 0 ? quotient - 1 : quotient;
}

/* Days since 1970-01-01 of a date, and back. Both count years from March, so that a leap day is the last of its year, in eras of
   400 years, which have 146,097 days. */
static int64_t
days_from_date(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400; /* years are 1 to 9999: never negative */
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void
date_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t since = days + 719468;
    int64_t era = since / 146097; /* for days from FIRST_DAY on: never negative */
    int64_t of_era = since - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t from_march = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * from_march + 2) / 5 + 1);
    *month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = (int)(years + era * 400 + (*month <= 2));
}

int
encode_days(PyObject *value, int64_t *days)
{
    if (!PyDate_CheckExact(value)) {
        return 0;
    }
    *days = days_from_date(PyDateTime_GET_YEAR(value), PyDateTime_GET_MONTH(value), PyDateTime_GET_DAY(value));
    return 1;
}

PyObject *
decode_days(int64_t days)
{
    if (days < FIRST_DAY || days > LAST_DAY) {
        return NULL;
    }
    int year, month, day;
    date_from_days(days, &year, &month, &day);
    return PyDate_FromDate(year, month, day);
}

int
encode_time(PyObject *value, int64_t micros, int64_t *number)
{
    if (!PyTime_CheckExact(value) || PyDateTime_TIME_GET_TZINFO(value) != Py_None) {
        return 0;
    }
    int64_t seconds = (PyDateTime_TIME_GET_HOUR(value) * 60 + PyDateTime_TIME_GET_MINUTE(value)) * 60 + PyDateTime_TIME_GET_SECOND(value);
    *number = (seconds * SECOND + PyDateTime_TIME_GET_MICROSECOND(value)) / micros;
    return 1;
}

/* Microseconds in so many units of so many nanoseconds, rounded down; false where they are not between two bounds. */
static bool
micros_of(int64_t number, int64_t unit, int64_t low, int64_t high, int64_t *micros)
{
    if (unit >= 1000) {
        int64_t scale = unit / 1000;
        if (number < low / scale - 1 || number > high / scale + 1) {
            return false;
        }
        *micros = number * scale;
    }
    else {
        *micros = floor_divide(number, 1000 / unit);
    }
    return *micros >= low && *micros <= high;
}

PyObject *
decode_time(int64_t number, int64_t unit)
{
    int64_t micros;
    if (!micros_of(number, unit, 0, DAY - 1, &micros)) {
        return NULL;
    }
    int seconds = (int)(micros / SECOND);
    return PyTime_FromTime(seconds / 3600, seconds / 60 % 60, seconds % 60, (int)(micros % SECOND));
}

int
encode_timestamp(PyObject *value, bool local, int64_t micros, int64_t *number)
{
    if (!PyDateTime_CheckExact(value) || PyDateTime_DATE_GET_TZINFO(value) != (local ? Py_None : PyDateTime_TimeZone_UTC)) {
        return 0;
    }
    int64_t days = days_from_date(PyDateTime_GET_YEAR(value), PyDateTime_GET_MONTH(value), PyDateTime_GET_DAY(value));
    int64_t seconds = (PyDateTime_DATE_GET_HOUR(value) * 60 + PyDateTime_DATE_GET_MINUTE(value)) * 60 + PyDateTime_DATE_GET_SECOND(value);
    *number = floor_divide(days * DAY + seconds * SECOND + PyDateTime_DATE_GET_MICROSECOND(value), micros);
    return 1;
}

PyObject *
decode_timestamp(int64_t number, bool local, int64_t unit)
{
    int64_t micros;
    if (!micros_of(number, unit, FIRST_DAY * DAY, (LAST_DAY + 1) * DAY - 1, &micros)) {
        return NULL;
    }
    int year, month, day;
    int64_t days = floor_divide(micros, DAY), rest = micros - days * DAY;
    int seconds = (int)(rest / SECOND);
    date_from_days(days, &year, &month, &day);
    return PyDateTimeAPI->DateTime_FromDateAndTime(
        year, month, day, seconds / 3600, seconds / 60 % 60, seconds % 60, (int)(rest % SECOND),
        local ? Py_None : PyDateTime_TimeZone_UTC, PyDateTimeAPI->DateTimeType);
}

/* --- UUIDs --- */

int
encode_uuid(const State *state, PyObject *value, unsigned char bytes[16])
{
    if (!Py_IS_TYPE(value, state->uuid) || state->uuid_int < 0) {
        return 0;
    }
    PyObject *number = *(PyObject **)((char *)value + state->uuid_int);
    if (number == NULL || !PyLong_CheckExact(number)) {
        return 0;
    }
#if PY_VERSION_HEX >= 0x030D0000
    int failed = _PyLong_AsByteArray((PyLongObject *)number, bytes, 16, 0, 0, 1);
#else
    int failed = _PyLong_AsByteArray((PyLongObject *)number, bytes, 16, 0, 0);
#endif
    if (failed) {
        PyErr_Clear();
        return 0;
    }
    return 1;
}

void
uuid_text(const unsigned char bytes[16], char text[UUID_TEXT])
{
    static const char DIGITS[] = "0123456789abcdef";
    int at = 0;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        text[at++] = DIGITS[bytes[i] >> 4];
        text[at++] = DIGITS[bytes[i] & 0xF];
    }
}

static int
hexadecimal(unsigned char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    unsigned char lower = digit | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Only the usual form: Python knows some more. */
bool
uuid_parse(const unsigned char *text, Py_ssize_t size, unsigned char bytes[16])
{
    if (size != UUID_TEXT) {
        return false;
    }
    int at = 0;
    for (int i = 0; i < 16; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-') {
            return false;
        }
        int high = hexadecimal(text[at]), low = hexadecimal(text[at + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i] = (unsigned char)(high << 4 | low);
        at += 2;
    }
    return true;
}

/* A UUID sets its two slots when it is made, and nothing else. */
PyObject *
decode_uuid(const State *state, const unsigned char bytes[16])
{
    if (state->uuid_int < 0) {
        return NULL;
    }
    PyObject *number = _PyLong_FromByteArray(bytes, 16, 0, 0);
    if (number == NULL) {
        return NULL;
    }
    PyObject *value = state->uuid->tp_alloc(state->uuid, 0);
    if (value == NULL) {
        Py_DECREF(number);
        return NULL;
    }
    *(PyObject **)((char *)value + state->uuid_int) = number;
    *(PyObject **)((char *)value + state->uuid_is_safe) = Py_NewRef(state->safe_unknown);
    return value;
}

/* --- decimals --- */

static int64_t
power_of_ten(int64_t exponent)
{
    int64_t power = 1;
    for (; exponent > 0; exponent--) {
        power *= 10;
    }
    return power;
}

/* The text of a decimal is its digits and a point; one with an exponent, or with more digits than are counted here, is left to
   Python, as are infinities and all that does not fit. */
int
encode_decimal(const State *state, PyObject *value, int64_t precision, int64_t scale, int64_t *unscaled)
{
    if (!Py_IS_TYPE(value, state->decimal) || scale > DECIMAL_DIGITS) {
        return 0;
    }
    PyObject *text = PyObject_Str(value);
    if (text == NULL) {
        return -1;
    }
    int64_t number = 0, digits = 0, after = -1;
    bool usual = PyUnicode_IS_COMPACT_ASCII(text);
    const Py_UCS1 *from = usual ? PyUnicode_1BYTE_DATA(text) : NULL;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    Py_ssize_t start = usual && length > 0 && from[0] == '-';
    for (Py_ssize_t i = start; usual && i < length; i++) {
        if (from[i] == '.' && after < 0) {
            after = 0;
        }
        else if (from[i] >= '0' && from[i] <= '9' && digits < DECIMAL_DIGITS) {
            number = number * 10 + (from[i] - '0');
            digits += number != 0;
            after += after >= 0;
        }
        else {
            usual = false;
        }
    }
    after = after < 0 ? 0 : after;
    usual = usual && length > start;
    for (; usual && after > scale; after--) { /* zeros at the end say nothing */
        usual = number % 10 == 0;
        number /= 10;
        digits -= number != 0;
    }
    usual = usual && digits + (scale - after) <= DECIMAL_DIGITS;
    if (usual) {
        number *= power_of_ten(scale - after);
        usual = precision > DECIMAL_DIGITS || number < power_of_ten(precision);
    }
    *unscaled = start ? -number : number;
    Py_DECREF(text);
    return usual;
}

PyObject *
decode_decimal(const State *state, const unsigned char *bytes, Py_ssize_t size, int64_t scale)
{
    if (size < 1 || size > 7 || scale > DECIMAL_DIGITS) { /* of 8 bytes there are numbers of 19 digits */
        return NULL;
    }
    int64_t number = bytes[0] & 0x80 ? -1 : 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        number = (int64_t)((uint64_t)number << 8 | bytes[i]);
    }
    char text[64];
    char *at = text + sizeof(text);
    uint64_t rest = number < 0 ? (uint64_t)-number : (uint64_t)number;
    int64_t written = 0;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
        if (++written == scale) {
            *--at = '.';
        }
    } while (rest || written <= scale);
    if (number < 0) {
        *--at = '-';
    }
    PyObject *string = PyUnicode_New(text + sizeof(text) - at, 127);
    if (string == NULL) {
        return NULL;
    }
    memcpy(PyUnicode_1BYTE_DATA(string), at, (size_t)(text + sizeof(text) - at));
    PyObject *value = PyObject_CallOneArg((PyObject *)state->decimal, string);
    Py_DECREF(string);
    return value;
}
