// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/message.hpp"
#include "dice.hpp"
#include "oracle.hpp"
#include "world.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace simulation {

/// What can be done with a key.
enum class deed : std::uint8_t {
    read,
    list,   ///< which keys there are, of those that lie beside it
    put,    ///< writes it
    post,   ///< the same, as servers have it
    remove, ///< a write too: whoever reads it then finds nothing
    log_in, ///< a write that makes a token
    ask,    ///< a read: whether a token is good, with that token
};

/// A token that a login made.
struct credential {
    std::string text{};
    std::size_t home = 0;    ///< whose log has it
    version made{};          ///< ... and where
    bool says_index = false; ///< of its making: a node that is behind that refuses it
    std::string key{};       ///< with which that is signed; empty: nobody knows
};

/// What a request asks for, of those that the simulation sends.
struct errand {
    key_place key{};
    std::uint64_t writes = 0; ///< the value; of a removal what tells it from other writes; 0: it reads
    deed what = deed::read;
    std::shared_ptr<credential const> token{}; ///< of whoever asks whether it is good

    /// Whether it is about one key, and no more or less than that.
    [[nodiscard]] bool is_of_key() const { return what != deed::list && !is_of_tokens(); }
    [[nodiscard]] bool is_of_tokens() const { return what == deed::log_in || what == deed::ask; }
};

/// The user whom each cluster knows.
inline constexpr std::string_view user_name = "somebody";
inline constexpr std::string_view user_password = "secret";

/// One of the ways to read a key, or to write it.
[[nodiscard]] deed draw_deed(bool writes, dice& luck);

/// What it changes or looks at: a key, a folder, or what has to do with tokens.
[[nodiscard]] std::string target_of(errand const& what);

/// As a client sends it. A login needs no token, and all that is not about tokens the power to do it.
[[nodiscard]] cluster::request request_for(errand const& what, dice& luck);

/// For people.
[[nodiscard]] std::string words_for(errand const& what);

} // namespace simulation
