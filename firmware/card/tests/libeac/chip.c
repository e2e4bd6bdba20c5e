/*
 * The chip's side of PACE with generic mapping, of secure messaging and of chip
 * authentication version 2, done by libeac (OpenPACE), which shares nothing with the crate
 * under test. Test only: libeac is under
 * the GPL, so this program is built where the tests run and never handed on.
 *
 * chip PROTOCOL PARAMETERS CAN [PROTOCOL SECRET PUBLIC DG14]
 *
 * PROTOCOL is the object identifier in dots, PARAMETERS the number of the standardised
 * domain parameters; the second half is for chip authentication, its keys and file in
 * hexadecimal. Reads commands as lines of hexadecimal, writes answers likewise. Has
 * EF.CardAccess, the identity application, EF.COM, DG14 and DG1. Any fault of its own ends
 * it.
 */
#include <eac/ca.h>
#include <eac/eac.h>
#include <eac/pace.h>
#include <openssl/buffer.h>
#include <openssl/objects.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned char at[4096]; size_t length; } Bytes;

static EAC_CTX *context;
static PACE_SEC *password;
static BUF_MEM *their_key;
static Bytes card_access, chip_secret, chip_public, dg14;
static int protocol, chip_protocol, parameters;

static const unsigned char DG1[] = {0x61, 0x03, 0x5F, 0x1F, 0x00};
static const unsigned char EF_COM[] = {
    0x60, 0x14, 0x5F, 0x01, 0x04, '0', '1', '0', '6', 0x5F, 0x36,
    0x06, '0', '4', '0', '0', '0', '0', 0x5C, 0x02, 0x61, 0x75};

static void check(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "libeac: %s failed\n", what);
        exit(1);
    }
}

static void append(Bytes *to, const void *from, size_t length) {
    check(to->length + length <= sizeof to->at, "room");
    memcpy(to->at + to->length, from, length);
    to->length += length;
}

static void append_byte(Bytes *to, unsigned byte) {
    unsigned char one = (unsigned char)byte;
    append(to, &one, 1);
}

static void append_object(Bytes *to, unsigned tag, const void *value, size_t length) {
    append_byte(to, tag);
    if (length > 255) {
        append_byte(to, 0x82);
        append_byte(to, (unsigned)(length >> 8));
    } else if (length > 127) {
        append_byte(to, 0x81);
    }
    append_byte(to, (unsigned)length & 0xFF);
    append(to, value, length);
}

static void append_status(Bytes *to, unsigned status) {
    append_byte(to, status >> 8);
    append_byte(to, status & 0xFF);
}

/* The first data object: its tag, value and whole length. */
static size_t object(const unsigned char *at, size_t left, unsigned *tag, const unsigned char **value,
                     size_t *length) {
    size_t head = 2;
    check(left >= 2, "data object");
    *tag = at[0];
    *length = at[1];
    if (at[1] == 0x81) {
        *length = at[2];
        head = 3;
    } else if (at[1] == 0x82) {
        *length = (size_t)at[2] << 8 | at[3];
        head = 4;
    }
    check(head + *length <= left, "data object");
    *value = at + head;
    return head + *length;
}

static BUF_MEM *buffer(const unsigned char *from, size_t length) {
    BUF_MEM *made = BUF_MEM_new();
    check(made && BUF_MEM_grow(made, length) == length, "memory");
    memcpy(made->data, from, length);
    return made;
}

/* 31 { 30 { 06 protocol, 02 2, 02 parameters } } */
static void announce(void) {
    Bytes info = {{0}, 0}, sequence = {{0}, 0};
    const ASN1_OBJECT *identifier = OBJ_nid2obj(protocol);
    unsigned char version = 2, number = (unsigned char)parameters;
    append_object(&info, 0x06, OBJ_get0_data(identifier), OBJ_length(identifier));
    append_object(&info, 0x02, &version, 1);
    append_object(&info, 0x02, &number, 1);
    append_object(&sequence, 0x30, info.at, info.length);
    append_object(&card_access, 0x31, sequence.at, sequence.length);
}

static void begin(void) {
    if (context) EAC_CTX_clear_free(context);
    context = EAC_CTX_new();
    check(context && EAC_CTX_init_pace(context, protocol, parameters), "EAC_CTX_init_pace");
    context->tr_version = EAC_TR_VERSION_2_02;
    if (dg14.length) {
        check(EAC_CTX_init_ca(context, chip_protocol, parameters), "EAC_CTX_init_ca");
        check(CA_set_key(context, chip_secret.at, chip_secret.length, chip_public.at, chip_public.length),
              "CA_set_key");
    }
}

static void answer_with(Bytes *answer, unsigned tag, const BUF_MEM *value, const char *what) {
    Bytes inner = {{0}, 0};
    check(value != NULL, what);
    append_object(&inner, tag, value->data, value->length);
    append_object(answer, 0x7C, inner.at, inner.length);
    append_status(answer, 0x9000);
}

/* One round of GENERAL AUTHENTICATE. */
static void authenticate(const unsigned char *data, size_t length, Bytes *answer) {
    unsigned tag;
    const unsigned char *value;
    size_t size;
    BUF_MEM *in, *out;
    object(data, length, &tag, &value, &size);
    check(tag == 0x7C, "dynamic authentication data");
    if (size == 0) {
        answer_with(answer, 0x80, PACE_STEP1_enc_nonce(context, password), "PACE_STEP1_enc_nonce");
        return;
    }
    object(value, size, &tag, &value, &size);
    in = buffer(value, size);
    switch (tag) {
    case 0x81:
        out = PACE_STEP3A_generate_mapping_data(context);
        check(PACE_STEP3A_map_generator(context, in), "PACE_STEP3A_map_generator");
        answer_with(answer, 0x82, out, "PACE_STEP3A_generate_mapping_data");
        break;
    case 0x83:
        out = PACE_STEP3B_generate_ephemeral_key(context);
        check(PACE_STEP3B_compute_shared_secret(context, in), "PACE_STEP3B_compute_shared_secret");
        check(PACE_STEP3C_derive_keys(context), "PACE_STEP3C_derive_keys");
        their_key = in;
        answer_with(answer, 0x84, out, "PACE_STEP3B_generate_ephemeral_key");
        break;
    default:
        check(tag == 0x85, "round");
        out = PACE_STEP3D_compute_authentication_token(context, their_key);
        if (PACE_STEP3D_verify_authentication_token(context, in) != 1) {
            append_status(answer, 0x6300);
            return;
        }
        check(EAC_CTX_set_encryption_ctx(context, EAC_ID_PACE) && EAC_reset_ssc(context), "secure messaging");
        answer_with(answer, 0x86, out, "PACE_STEP3D_compute_authentication_token");
    }
}

/* Chip authentication: nonce and token go back under the old keys. */
static unsigned agree(const Bytes *sent, Bytes *data) {
    Bytes inner = {{0}, 0};
    unsigned tag;
    const unsigned char *value;
    size_t size;
    BUF_MEM *public, *nonce = NULL, *token = NULL;
    object(sent->at, sent->length, &tag, &value, &size);
    check(tag == 0x7C, "dynamic authentication data");
    object(value, size, &tag, &value, &size);
    check(tag == 0x80, "ephemeral public key");
    public = buffer(value, size);
    check(CA_STEP4_compute_shared_secret(context, public), "CA_STEP4_compute_shared_secret");
    check(CA_STEP5_derive_keys(context, public, &nonce, &token), "CA_STEP5_derive_keys");
    append_object(&inner, 0x81, nonce->data, nonce->length);
    append_object(&inner, 0x82, token->data, token->length);
    append_object(data, 0x7C, inner.at, inner.length);
    return 0x9000;
}

/* What the application does, once the command is in the clear. */
static unsigned apply(const unsigned char *header, const Bytes *sent, Bytes *data) {
    if (header[1] == 0xA4 || header[1] == 0x22) return 0x9000;
    if (header[1] == 0x86) return agree(sent, data);
    if (header[1] != 0xB0) return 0x6D00;
    switch (header[2]) {
    case 0x9E: append(data, EF_COM, sizeof EF_COM); break;
    case 0x81: append(data, DG1, sizeof DG1); break;
    case 0x8E: append(data, dg14.at, dg14.length); break;
    default: break;
    }
    return data->length ? 0x6282 : 0x6A82;
}

static BUF_MEM *code_over(const Bytes *message) {
    BUF_MEM *plain = buffer(message->at, message->length), *padded = EAC_add_iso_pad(context, plain);
    check(padded != NULL, "EAC_add_iso_pad");
    return EAC_authenticate(context, padded);
}

static void protect(unsigned status, const Bytes *data, Bytes *answer) {
    Bytes message = {{0}, 0}, cryptogram = {{0}, 0}, outer = {{0}, 0};
    BUF_MEM *code;
    check(EAC_increment_ssc(context), "EAC_increment_ssc");
    if (data->length) {
        BUF_MEM *padded = EAC_add_iso_pad(context, buffer(data->at, data->length));
        BUF_MEM *encrypted = EAC_encrypt(context, padded);
        check(encrypted != NULL, "EAC_encrypt");
        append_byte(&cryptogram, 0x01);
        append(&cryptogram, encrypted->data, encrypted->length);
        append_object(&message, 0x87, cryptogram.at, cryptogram.length);
    }
    append_status(&outer, status);
    append_object(&message, 0x99, outer.at, outer.length);
    code = code_over(&message);
    check(code != NULL, "EAC_authenticate");
    append(answer, message.at, message.length);
    append_object(answer, 0x8E, code->data, code->length);
    append_status(answer, status);
}

/* A protected command: its code must be right, its data must decrypt. */
static void unprotect(const unsigned char *header, const unsigned char *body, size_t length, Bytes *answer) {
    Bytes message = {{0}, 0}, sent = {{0}, 0}, data = {{0}, 0};
    const unsigned char *value;
    size_t size, used;
    unsigned tag;
    BUF_MEM *padded, *code;
    check(EAC_increment_ssc(context), "EAC_increment_ssc");
    padded = EAC_add_iso_pad(context, buffer(header, 4));
    append(&message, padded->data, padded->length);
    for (; (used = object(body, length, &tag, &value, &size)), tag != 0x8E; body += used, length -= used) {
        append(&message, body, used);
        if (tag == 0x87) {
            BUF_MEM *plain = EAC_decrypt(context, buffer(value + 1, size - 1));
            check(plain && (plain = EAC_remove_iso_pad(plain)), "EAC_decrypt");
            append(&sent, plain->data, plain->length);
        }
    }
    code = code_over(&message);
    if (!code || code->length != size || memcmp(code->data, value, size) != 0) {
        append_status(answer, 0x6988);
        return;
    }
    protect(apply(header, &sent, &data), &data, answer);
    if (header[1] == 0x86) {
        check(EAC_CTX_set_encryption_ctx(context, EAC_ID_CA) && EAC_reset_ssc(context), "new keys");
    }
}

static void answer_to(const Bytes *command, Bytes *answer) {
    const unsigned char *at = command->at, *body = at + 5;
    size_t length = command->length > 5 ? at[4] : 0;
    if (command->length > 7 && at[4] == 0) {
        length = (size_t)at[5] << 8 | at[6];
        body = at + 7;
    }
    if ((at[0] & 0x0C) == 0x0C) {
        unprotect(at, body, length, answer);
    } else if (at[1] == 0xB0 && at[2] == 0x9C) {
        append(answer, card_access.at, card_access.length);
        append_status(answer, 0x9000);
    } else if (at[1] == 0x22) {
        begin();
        append_status(answer, 0x9000);
    } else if (at[1] == 0x86) {
        authenticate(body, length, answer);
    } else {
        append_status(answer, 0x6982);
    }
}

static void read_hexadecimal(const char *text, Bytes *to) {
    unsigned byte;
    for (; sscanf(text, "%2x", &byte) == 1; text += 2) append_byte(to, byte);
}

int main(int count, char **words) {
    static char line[8200];
    check(count == 4 || count == 8, "three arguments, or seven");
    EAC_init();
    protocol = OBJ_txt2nid(words[1]);
    parameters = atoi(words[2]);
    password = PACE_SEC_new(words[3], strlen(words[3]), PACE_CAN);
    check(protocol != NID_undef && password != NULL, "protocol");
    if (count == 8) {
        chip_protocol = OBJ_txt2nid(words[4]);
        read_hexadecimal(words[5], &chip_secret);
        read_hexadecimal(words[6], &chip_public);
        read_hexadecimal(words[7], &dg14);
    }
    announce();
    while (fgets(line, sizeof line, stdin)) {
        Bytes command = {{0}, 0}, answer = {{0}, 0};
        size_t at;
        read_hexadecimal(line, &command);
        answer_to(&command, &answer);
        for (at = 0; at < answer.length; at++) printf("%02X", answer.at[at]);
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
