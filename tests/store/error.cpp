// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/error.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string_view>

using namespace afterwrite;

TEST_CASE("each error has a sentence of its own")
{
    std::set<std::string_view> sentences;
    for (auto const error : {store_error::too_small, store_error::misaligned, store_error::no_store,
                             store_error::other_version, store_error::other_layout, store_error::other_size,
                             store_error::damaged_head, store_error::other_key}) {
        auto const sentence = to_string(error);
        CHECK(sentence.starts_with("The "));
        CHECK(sentence.ends_with("."));
        sentences.insert(sentence);
    }
    CHECK(sentences.size() == 8);
    CHECK_FALSE(sentences.contains(to_string(static_cast<store_error>(200))));
}
