/* A terminal of PACE out of libeac (Debian: libeac-dev), for tests alone: it runs as
 * a process of its own and is never linked into anything of ours.
 *
 * Arguments: EF.CardAccess in hexadecimal, the number of the password, the password.
 * Each line on the input is what the chip sent, each line on the output what the
 * terminal sends: sealed nonce -> mapping key, mapping key -> ephemeral key,
 * ephemeral key -> token, token -> session keys, or the word "wrong". */

#include <eac/eac.h>
#include <eac/pace.h>
#include <openssl/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *at) {
    fprintf(stderr, "libeac gives up at %s\n", at);
    exit(1);
}

static BUF_MEM *from_hex(const char *digits) {
    size_t length = strspn(digits, "0123456789abcdefABCDEF") / 2;
    BUF_MEM *out = BUF_MEM_new();
    if (!out || !BUF_MEM_grow(out, length)) fail("memory");
    for (size_t at = 0; at < length; at++) {
        unsigned byte;
        if (sscanf(digits + 2 * at, "%2x", &byte) != 1) fail("hexadecimal digits");
        out->data[at] = (char)byte;
    }
    return out;
}

static BUF_MEM *hear(void) {
    static char line[8192];
    if (!fgets(line, sizeof line, stdin)) fail("the end of the input");
    return from_hex(line);
}

static void print(const BUF_MEM *bytes, char end) {
    for (size_t at = 0; at < bytes->length; at++) printf("%02x", (unsigned char)bytes->data[at]);
    putchar(end);
}

static void say(const BUF_MEM *bytes, const char *at) {
    if (!bytes) fail(at);
    print(bytes, '\n');
    fflush(stdout);
}

int main(int count, char **arguments) {
    if (count != 4) fail("its arguments");
    EAC_init();
    EAC_CTX *context = EAC_CTX_new();
    BUF_MEM *access = from_hex(arguments[1]);
    if (!EAC_CTX_init_ef_cardaccess((unsigned char *)access->data, access->length, context))
        fail("EF.CardAccess");
    PACE_SEC *secret = PACE_SEC_new(arguments[3], strlen(arguments[3]), atoi(arguments[2]));
    if (!secret) fail("the password");
    if (PACE_STEP2_dec_nonce(context, secret, hear()) != 1) fail("the nonce");
    say(PACE_STEP3A_generate_mapping_data(context), "its mapping key");
    if (PACE_STEP3A_map_generator(context, hear()) != 1) fail("the chip's mapping key");
    say(PACE_STEP3B_generate_ephemeral_key(context), "its ephemeral key");
    BUF_MEM *theirs = hear();
    if (PACE_STEP3B_compute_shared_secret(context, theirs) != 1) fail("the chip's ephemeral key");
    if (PACE_STEP3C_derive_keys(context) != 1) fail("the session keys");
    say(PACE_STEP3D_compute_authentication_token(context, theirs), "its token");
    if (PACE_STEP3D_verify_authentication_token(context, hear()) != 1) {
        puts("wrong");
        return 0;
    }
    print(context->pace_ctx->ka_ctx->k_enc, ' ');
    print(context->pace_ctx->ka_ctx->k_mac, '\n');
    return 0;
}
