// SPDX-License-Identifier: BSL-1.0
// host ACTIVE STANDBY: a program in C that writes through one node, reads at once through another, and sees
// its writes. 0: it did. 1: it did not. 2: usage.
#define _POSIX_C_SOURCE 200809L

#include "afterwrite_c.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { most_text = 8192 };

struct text {
    char bytes[most_text];
    size_t size;
};

static size_t append(char* data, size_t size, size_t count, void* to)
{
    struct text* const text = to;
    if (size * count > most_text - 1 - text->size)
        return 0; /* too long: libcurl ends the transfer */
    memcpy(text->bytes + text->size, data, size * count);
    text->size += size * count;
    text->bytes[text->size] = '\0';
    return size * count;
}

static size_t append_line(char* data, size_t size, size_t count, void* to)
{
    if (size * count >= 5 && memcmp(data, "HTTP/", 5) == 0)
        ((struct text*)to)->size = 0; /* another answer, as after 100 Continue */
    return append(data, size, count, to);
}

static int add_field(void* context, char const* name, char const* value)
{
    struct curl_slist** const fields = context;
    char line[512];
    struct curl_slist* longer = NULL;
    int const size = snprintf(line, sizeof line, "%s: %s", name, value);
    if (size > 0 && (size_t)size < sizeof line)
        longer = curl_slist_append(*fields, line);
    if (longer != NULL)
        *fields = longer;
    return longer == NULL;
}

static void wait_ms(unsigned ms)
{
    struct timespec const span = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
    nanosleep(&span, NULL);
}

/* Sends one request until it is answered as the caller requires. 0: there is no answer. */
static int send_request(CURL* easy, afterwrite_caller* caller, char const* node, char const* path,
                        char const* method, char const* data, struct text* body)
{
    static struct text head;
    char url[512];
    afterwrite_step next = {AFTERWRITE_SEND_AGAIN, 0, ""};
    afterwrite_exchange* const exchange = afterwrite_begin(caller, method, path);
    if (exchange == NULL || snprintf(url, sizeof url, "%s%s", node, path) >= (int)sizeof url)
        next.action = AFTERWRITE_GIVE_UP;
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    if (data != NULL)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, data);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, append_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, (void*)&head);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, (void*)body);
    while (next.action == AFTERWRITE_SEND_AGAIN) {
        struct curl_slist* fields = NULL;
        wait_ms(next.wait_ms);
        head.size = body->size = 0;
        body->bytes[0] = '\0';
        if (add_field(&fields, "X-Vault-Token", "root") != 0 ||
            add_field(&fields, "X-Vault-Request", "true") != 0 ||
            afterwrite_prepare(exchange, add_field, &fields) != 0) {
            next.action = AFTERWRITE_GIVE_UP;
        } else {
            curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
            next = curl_easy_perform(easy) == CURLE_OK
                       ? afterwrite_next(exchange, head.bytes, head.size, body->bytes, body->size)
                       : afterwrite_next(exchange, NULL, 0, NULL, 0);
        }
        curl_slist_free_all(fields);
    }
    if (next.action == AFTERWRITE_GIVE_UP)
        fprintf(stderr, "%s %s: %s\n", method, path, next.why);
    afterwrite_end(exchange);
    return next.action == AFTERWRITE_DELIVER;
}

int main(int argc, char** argv)
{
    static struct text body;
    int result = 0;
    int round;
    CURL* easy;
    afterwrite_caller* caller;
    if (argc != 3)
        return 2;
    easy = curl_easy_init();
    caller = afterwrite_open();
    if (easy == NULL || caller == NULL)
        result = 1;
    for (round = 0; result == 0 && round < 10; ++round) {
        char data[64];
        snprintf(data, sizeof data, "{\"v\":\"round %d\"}", round);
        if (!send_request(easy, caller, argv[1], "/v1/kv/foo", "PUT", data, &body) ||
            !send_request(easy, caller, argv[2], "/v1/kv/foo", "GET", NULL, &body) ||
            strstr(body.bytes, data) == NULL)
            result = 1;
    }
    afterwrite_close(caller);
    curl_easy_cleanup(easy);
    puts(result == 0 ? "All writes were seen." : "A write was not seen.");
    return result;
}
