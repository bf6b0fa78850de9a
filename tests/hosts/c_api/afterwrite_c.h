// SPDX-License-Identifier: BSL-1.0
#ifndef AFTERWRITE_C_H
#define AFTERWRITE_C_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What one caller must be able to see. A caller, and its exchanges, belong to one thread at a time; different
   callers share nothing. */
typedef struct afterwrite_caller afterwrite_caller;

/* One request and all its attempts. It must end before its caller does. */
typedef struct afterwrite_exchange afterwrite_exchange;

enum afterwrite_action { AFTERWRITE_DELIVER, AFTERWRITE_SEND_AGAIN, AFTERWRITE_GIVE_UP };

typedef struct afterwrite_step {
    enum afterwrite_action action;
    unsigned wait_ms; /* of AFTERWRITE_SEND_AGAIN: wait so long first */
    char const* why;  /* a sentence; valid for ever */
} afterwrite_step;

/* Adds a field to the host's request, which copies both texts. Not 0: it could not. */
typedef int (*afterwrite_add_field)(void* context, char const* name, char const* value);

/* Null: no memory. The caller must be closed; null is no caller, and closed for nothing. */
afterwrite_caller* afterwrite_open(void);
void afterwrite_close(afterwrite_caller* caller);

/* A request with this method ("GET", "LIST", "PUT" ...) and path. Both texts are copied. Null: no memory. It
   must be ended; null is ended for nothing. */
afterwrite_exchange* afterwrite_begin(afterwrite_caller* caller, char const* method, char const* path);
void afterwrite_end(afterwrite_exchange* exchange);

/* Before each attempt: adds the fields of this attempt to a request that has only the host's own. 0, or what
   `add` returned, or -1 if there is no memory: then do not send. */
int afterwrite_prepare(afterwrite_exchange* exchange, afterwrite_add_field add, void* context);

/* After each attempt: what now? `head` is the answer's status line and fields as received, lines ended by
   \r\n; `body` its beginning, as far as it is at hand. A null head: no answer came. */
afterwrite_step afterwrite_next(afterwrite_exchange* exchange, char const* head, size_t head_size,
                                char const* body, size_t body_size);

#ifdef __cplusplus
}
#endif

#endif
