/* A PKCS#11 module for tests: it hands every call on to the module ILL_TOKEN_BEHIND, but does
 * what ILL_TOKEN says of what a token without hardware never does. Each login is a letter in the
 * file ILL_TOKEN_LOGINS. Written from PKCS#11 2.40: the list of functions is a version and 68
 * pointers in a fixed order. */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long number;
typedef number (*function)();

enum { GET_TOKEN_INFO = 7, LOGIN = 19, GET_ATTRIBUTE_VALUE = 25, FIND_OBJECTS = 28, SIGN_INIT = 43, SIGN = 44 };

static struct {
    unsigned char version[sizeof(void *)];
    function functions[68];
} behind, list;
static int logged_in;

static int is(const char *what) {
    const char *said = getenv("ILL_TOKEN");
    return said && strcmp(said, what) == 0;
}

static function real(int at) { return behind.functions[at - 1]; }

/* The flags stand behind label, manufacturer, model and serial number. */
static number get_token_info(number slot, unsigned char *info) {
    number answer = real(GET_TOKEN_INFO)(slot, info), flags;
    memcpy(&flags, info + 96, sizeof flags);
    if (is("last try")) flags |= 0x20000;
    if (is("locked")) flags |= 0x40000;
    if (is("keys of its own")) flags |= 0x100;
    memcpy(info + 96, &flags, sizeof flags);
    return answer;
}

static number login(number session, number user, unsigned char *pin, number length) {
    FILE *log = fopen(getenv("ILL_TOKEN_LOGINS"), "a");
    if (!log) abort();
    fputc('L', log);
    fclose(log);
    if (is("locks")) return 0xa4;
    if (is("keys of its own")) {
        /* Typed there, and right. */
        if (pin || length) return 0xa0;
        pin = (unsigned char *)getenv("ILL_TOKEN_PIN");
        length = strlen((char *)pin);
    }
    number answer = real(LOGIN)(session, user, pin, length);
    logged_in = answer == 0;
    return answer;
}

static number get_attribute_value(number session, number object, number *template, number count) {
    number answer = real(GET_ATTRIBUTE_VALUE)(session, object, template, count);
    /* CKA_ALWAYS_AUTHENTICATE; a template is type, place and length. */
    unsigned char *place = count == 1 ? (unsigned char *)template[1] : 0;
    if (is("each time") && place && template[0] == 0x202) *place = 1;
    return answer;
}

static number find_objects(number session, number *objects, number most, number *count) {
    number answer = real(FIND_OBJECTS)(session, objects, most, count);
    if (is("shy") && !logged_in) *count = 0;
    return answer;
}

static number sign_init(number session, void *mechanism, number key) {
    return is("without the mechanism") ? 0x70 : real(SIGN_INIT)(session, mechanism, key);
}

static number sign(number session, unsigned char *data, number length, unsigned char *out, number *written) {
    if (is("pulled out")) return 0x32;
    if (is("unwilling")) return 0x05;
    number answer = real(SIGN)(session, data, length, out, written);
    if (is("another key") && out) out[*written - 1] ^= 1;
    return answer;
}

number C_GetFunctionList(void **out) {
    void *module = dlopen(getenv("ILL_TOKEN_BEHIND"), RTLD_NOW | RTLD_LOCAL);
    if (!module) return 6;
    number (*get)(void **) = (number (*)(void **))dlsym(module, "C_GetFunctionList");
    void *its;
    if (!get || get(&its)) return 6;
    memcpy(&behind, its, sizeof behind);
    list = behind;
    list.functions[GET_TOKEN_INFO - 1] = (function)get_token_info;
    list.functions[LOGIN - 1] = (function)login;
    list.functions[GET_ATTRIBUTE_VALUE - 1] = (function)get_attribute_value;
    list.functions[FIND_OBJECTS - 1] = (function)find_objects;
    list.functions[SIGN_INIT - 1] = (function)sign_init;
    list.functions[SIGN - 1] = (function)sign;
    *out = &list;
    return 0;
}
