// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "words.hpp"

#include <afterwrite/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace proxy {

/// Why a configuration was refused.
struct configuration_error {
    std::string message{};
    std::size_t line = 0; ///< the first one being 1; 0 if it is about no one line
};

/// What a configuration file holds, before it means anything. A label counts as a key, as in JSON:
/// `listener "tcp" { ... }` is an object in an object.
struct document {
    enum class family : std::uint8_t { text, number, word, list, object }; // in this order

    std::string key{}; ///< empty in a list
    std::size_t line = 0;
    family kind = family::object;
    std::string text{}; ///< of a text, number or word (which is true, false or null); without escapes
    std::vector<document> children{};

    [[nodiscard]] bool is_text() const noexcept { return kind < family::word; }
    [[nodiscard]] bool is_scalar() const noexcept { return kind < family::list; }
};

/// Reads HCL 1 or JSON.
[[nodiscard]] afterwrite::result<document, configuration_error> read_document(std::string_view text);

/// Hands out what stands in one object, each key once, and notices what nobody asked for. The first error
/// stays, and all blocks of a document share it. Refers to the document.
class block {
public:
    block(document const& from, std::string name, configuration_error& why)
        : from_(&from), name_(std::move(name)), why_(&why)
    {}

    /// If the key is there `set` puts its value into `to`, or says what is wrong with it.
    template <class T>
    void take(std::string_view key, std::type_identity_t<T>& to, complaint (*set)(T&, std::string_view))
    {
        auto const* const found = find(key);
        if (found == nullptr)
            return;
        bool const is_fitting = std::is_same_v<T, bool> ? found->is_scalar() : found->is_text();
        auto const wrong = is_fitting ? set(to, found->text) : "takes a value, not " + described(*found);
        if (!wrong.empty())
            fail(path(key) + ' ' + wrong, found->line);
    }

    /// The same for each member of a list, or for what stands there alone.
    void take_each(std::string_view key, std::function<complaint(std::string const&)> const& add);

    /// Calls `read` with the block of this key, if it is there.
    void take_block(std::string_view key, std::function<void(block&)> const& read);

    /// The same for one of which there may be any number.
    void take_blocks(std::string_view key, std::function<void(document const&)> const& read);

    /// Refuses the key with this sentence, unless `false` stands there.
    void refuse(std::string_view key, std::string_view sentence);

    /// Passes over the key, which somebody else reads.
    [[nodiscard]] bool skip(std::string_view key);

    /// Fails if something is there that was not asked for. To be called last.
    void finish();

    void fail(std::string message, std::size_t line = 0);
    [[nodiscard]] bool has_failed() const noexcept { return !why_->message.empty(); }

    /// Where it begins.
    [[nodiscard]] std::size_t line() const noexcept { return from_->line; }

private:
    /// The one value of this key; none, and an error, if there are two.
    [[nodiscard]] document const* find(std::string_view key);
    [[nodiscard]] std::string path(std::string_view key) const;
    [[nodiscard]] static std::string described(document const& found);

    document const* from_;
    std::string name_;
    configuration_error* why_;
    std::vector<std::string> known_{};
    std::vector<std::string> refused_{};
};

} // namespace proxy
