// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/message.hpp"
#include "dice.hpp"
#include "world.hpp"

#include <cstdint>
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
};

/// What a request asks for, of those that the simulation sends.
struct errand {
    key_place key{};
    std::uint64_t writes = 0; ///< the value; of a removal what tells it from other writes; 0: it reads
    deed what = deed::read;
};

/// One of the ways to read, or to write.
[[nodiscard]] deed draw_deed(bool writes, dice& luck);

/// What it changes or looks at: a key, or a folder.
[[nodiscard]] std::string target_of(errand const& what);

/// As a client sends it, but for the fields.
[[nodiscard]] cluster::request request_for(errand const& what, dice& luck);

/// For people.
[[nodiscard]] std::string words_for(errand const& what);

} // namespace simulation
