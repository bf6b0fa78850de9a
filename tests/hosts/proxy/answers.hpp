// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "body.hpp"
#include "fields.hpp"
#include "metrics.hpp"

#include <afterwrite/decision/refusal_answer.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace proxy {

/// What an answer says in the proxy's own words.
struct own_answer {
    unsigned status = 200;
    std::string body{};
    std::string_view content_type = "application/json";
    bool has_retry_after = false;

    /// `{"errors":["..."]}`.
    [[nodiscard]] static own_answer error(unsigned status, std::string_view sentence);

    [[nodiscard]] static own_answer refusal(afterwrite::refusal_answer const& said);
};

/// How the client that an answer is for wants it.
struct answer_form {
    unsigned version = 11; ///< of its request
    bool is_head = false;  ///< it asked for the head alone
    bool is_kept = true;   ///< its connection stays open
};

/// The bytes of it.
[[nodiscard]] std::string written(own_answer const& answer, answer_form const& form);

/// How the rest of an answer that a node gave is told to a client: by its length if that is known.
[[nodiscard]] framing framing_for(answer_form const& form, framing const& of_node);

/// The head of an answer that a node gave, with the empty line; `how`: how its body will be told. What
/// belongs to the node's connection is taken out.
[[nodiscard]] std::string written(response_head& head, framing const& how, answer_form const& form);

/// Of whichever kind the status says.
void count_answer(metrics& counted, unsigned status) noexcept;

/// A target as it may be logged: old requests have tokens in their path, and some in their query.
[[nodiscard]] std::string without_secrets(std::string_view target);

/// What stands before a part of a body in chunks; behind it stands CR LF.
[[nodiscard]] std::string chunk_head(std::size_t size);

} // namespace proxy
