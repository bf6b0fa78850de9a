// SPDX-License-Identifier: BSL-1.0
#include "document.hpp"

#include <afterwrite/bytes/ascii_case.hpp>
#include <afterwrite/bytes/hcl.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace proxy {

namespace {

using afterwrite::equal_ignoring_case;
using afterwrite::hcl_reader;
using afterwrite::hcl_token;
using family = document::family;

void append_utf8(std::string& text, std::uint32_t point)
{
    auto const add = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (point < 0x80) {
        add(point);
    } else if (point < 0x800) {
        add(0xc0 | point >> 6);
        add(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        add(0xe0 | point >> 12);
        add(0x80 | (point >> 6 & 0x3f));
        add(0x80 | (point & 0x3f));
    } else {
        add(0xf0 | point >> 18);
        add(0x80 | (point >> 12 & 0x3f));
        add(0x80 | (point >> 6 & 0x3f));
        add(0x80 | (point & 0x3f));
    }
}

/// Takes the escapes of HCL 1, which are those of Go, and of JSON out of a text.
class unescaper {
public:
    explicit unescaper(std::string_view raw) : rest_(raw) {}

    /// Nothing if an escape is none.
    std::optional<std::string> read()
    {
        std::size_t braces = 0; // what is between `${` and `}` stays as it is
        while (!rest_.empty()) {
            char const c = take();
            if (c == '{' && (braces > 0 || text_.ends_with('$')))
                ++braces;
            else if (c == '}' && braces > 0)
                --braces;
            if (c != '\\' || braces > 0)
                text_ += c;
            else if (rest_.empty() || !read_escape(take()))
                return std::nullopt;
        }
        return std::move(text_);
    }

private:
    char take()
    {
        char const c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    bool read_escape(char letter)
    {
        constexpr std::string_view letters = "abfnrtv\"\\/'";
        constexpr std::string_view meant = "\a\b\f\n\r\t\v\"\\/'";
        if (auto const at = letters.find(letter); at != letters.npos) {
            text_ += meant[at];
            return true;
        }
        switch (letter) {
        case 'x': return read_byte(2, 16, 0);
        case 'u': return read_point(4);
        case 'U': return read_point(8);
        default: return letter >= '0' && letter <= '3' && read_byte(2, 8, std::uint32_t(letter - '0'));
        }
    }

    std::optional<std::uint32_t> read_digits(std::size_t count, std::uint32_t base, std::uint32_t number)
    {
        constexpr std::string_view digits = "0123456789abcdef";
        if (rest_.size() < count)
            return std::nullopt;
        while (count-- > 0) {
            char const c = take();
            auto const digit = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 'a' - 'A') : c);
            if (digit >= base)
                return std::nullopt;
            number = number * base + static_cast<std::uint32_t>(digit);
        }
        return number;
    }

    bool read_byte(std::size_t digits, std::uint32_t base, std::uint32_t first)
    {
        auto const byte = read_digits(digits, base, first);
        if (byte)
            text_ += static_cast<char>(*byte);
        return byte.has_value();
    }

    bool read_point(std::size_t digits)
    {
        auto point = read_digits(digits, 16, 0);
        if (point && *point >= 0xd800 && *point < 0xdc00 && rest_.starts_with("\\u")) { // a pair, in JSON
            rest_.remove_prefix(2);
            auto const low = read_digits(4, 16, 0);
            if (!low || *low < 0xdc00 || *low > 0xdfff)
                return false;
            point = 0x10000 + ((*point - 0xd800) << 10) + (*low - 0xdc00);
        }
        if (!point || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
            return false;
        append_utf8(text_, *point);
        return true;
    }

    std::string_view rest_;
    std::string text_{};
};

class document_reader {
public:
    explicit document_reader(std::string_view text) : reader_(text) {}

    bool read(document& top)
    {
        top.line = 1;
        token_ = reader_.next();
        bool const is_json = token_ == hcl_token::open;
        if (is_json)
            token_ = reader_.next();
        if (!read_items(top, is_json ? hcl_token::close : hcl_token::end, 1))
            return false;
        return !is_json || reader_.next() == hcl_token::end || fail("nothing may follow the last }");
    }

    configuration_error why{};

private:
    bool fail(std::string message)
    {
        if (token_ == hcl_token::broken)
            message = "this is neither HCL nor JSON";
        else if (token_ == hcl_token::end)
            message += ", but the configuration ends";
        why = {std::move(message), reader_.line()};
        return false;
    }

    /// From the first token to the one that ends the object.
    bool read_items(document& to, hcl_token end, std::size_t depth)
    {
        if (depth > hcl_reader::max_depth)
            return fail("blocks are nested too deep");
        for (; token_ != end; token_ = reader_.next()) {
            if (token_ == hcl_token::comma)
                continue;
            if (token_ != hcl_token::word && token_ != hcl_token::text)
                return fail("the name of a setting must stand here");
            if (!read_item(to, depth))
                return false;
        }
        return true;
    }

    /// From its key to the last token of its value.
    bool read_item(document& to, std::size_t depth)
    {
        auto& item = to.children.emplace_back();
        item.line = reader_.line();
        if (!read_text(item.key))
            return false;
        auto const key = item.key;
        token_ = reader_.next();
        if (token_ == hcl_token::equals) {
            token_ = reader_.next();
            return read_value(item, depth);
        }
        if (token_ == hcl_token::open)
            return read_value(item, depth);
        if (token_ != hcl_token::word && token_ != hcl_token::text)
            return fail("= or { must follow " + in_quotes(key));
        if (depth == hcl_reader::max_depth)
            return fail("blocks are nested too deep");
        return read_item(item, depth + 1);
    }

    bool read_value(document& to, std::size_t depth)
    {
        switch (token_) {
        case hcl_token::word: {
            to.kind = family::word;
            to.text = reader_.value();
            bool const is_known = to.text == "true" || to.text == "false" || to.text == "null";
            return is_known || fail("a text must stand in quotes: " + in_quotes(to.text));
        }
        case hcl_token::text: to.kind = family::text; return read_text(to.text);
        case hcl_token::number:
            to.kind = family::number;
            to.text = reader_.value();
            return true;
        case hcl_token::open: token_ = reader_.next(); return read_items(to, hcl_token::close, depth + 1);
        case hcl_token::open_list: to.kind = family::list; return read_list(to, depth + 1);
        default: return fail("a value must stand here");
        }
    }

    bool read_list(document& to, std::size_t depth)
    {
        if (depth > hcl_reader::max_depth)
            return fail("lists are nested too deep");
        for (token_ = reader_.next(); token_ != hcl_token::close_list; token_ = reader_.next()) {
            if (token_ == hcl_token::comma)
                continue;
            auto& value = to.children.emplace_back();
            value.line = reader_.line();
            if (!read_value(value, depth))
                return false;
        }
        return true;
    }

    /// A bare word and a heredoc have no escapes; only what is in quotes has a quote before it.
    bool read_text(std::string& to)
    {
        auto const raw = reader_.value();
        if (token_ == hcl_token::word || raw.data()[-1] != '"') {
            to = raw;
            return true;
        }
        auto text = unescaper(raw).read();
        if (!text)
            return fail("there is no such escape in a text: " + in_quotes(raw));
        to = std::move(*text);
        return true;
    }

    hcl_reader reader_;
    hcl_token token_ = hcl_token::end;
};

} // namespace

afterwrite::result<document, configuration_error> read_document(std::string_view text)
{
    document top;
    document_reader reader(text);
    if (!reader.read(top))
        return afterwrite::unexpected(std::move(reader.why));
    return top;
}

void block::take_each(std::string_view key, std::function<complaint(std::string const&)> const& add)
{
    auto const* const found = find(key);
    if (found == nullptr)
        return;
    auto const add_one = [&](document const& each) {
        auto const wrong = each.is_text() ? add(each.text) : "takes a list of texts, not " + described(each);
        if (!wrong.empty())
            fail(path(key) + ' ' + wrong, each.line);
    };
    if (found->kind != family::list)
        return add_one(*found);
    for (auto const& each : found->children)
        add_one(each);
}

void block::take_block(std::string_view key, std::function<void(block&)> const& read)
{
    bool is_there = false;
    take_blocks(key, [&](document const& found) {
        if (std::exchange(is_there, true))
            return fail("there may be only one block " + path(key), found.line);
        block inner(found, path(key), *why_);
        read(inner);
        inner.finish();
    });
}

void block::take_blocks(std::string_view key, std::function<void(document const&)> const& read)
{
    known_.emplace_back(key);
    auto const read_one = [&](document const& found) {
        if (found.kind != family::object)
            return fail(path(key) + " takes a block, not " + described(found), found.line);
        read(found);
    };
    for (auto const& each : from_->children) {
        if (!equal_ignoring_case(each.key, key))
            continue;
        if (each.kind != family::list)
            read_one(each);
        else // as JSON says it
            for (auto const& member : each.children)
                read_one(member);
    }
}

void block::refuse(std::string_view key, std::string_view sentence)
{
    refused_.emplace_back(key);
    for (auto const& each : from_->children)
        if (equal_ignoring_case(each.key, key) && !(each.kind == family::word && each.text == "false"))
            fail(path(key).append(": ").append(sentence), each.line);
}

bool block::skip(std::string_view key)
{
    known_.emplace_back(key);
    for (auto const& each : from_->children)
        if (equal_ignoring_case(each.key, key))
            return true;
    return false;
}

void block::finish()
{
    std::string names;
    for (auto const& name : known_)
        names += (names.empty() ? "" : ", ") + name;
    for (auto const& each : from_->children) {
        auto const is_it = [&each](std::string const& name) { return equal_ignoring_case(name, each.key); };
        if (std::none_of(known_.begin(), known_.end(), is_it) &&
            std::none_of(refused_.begin(), refused_.end(), is_it))
            fail("there is no setting " + path(in_quotes(each.key)) + "; there are " + names, each.line);
    }
}

void block::fail(std::string message, std::size_t line)
{
    if (!has_failed())
        *why_ = {std::move(message), line};
}

document const* block::find(std::string_view key)
{
    known_.emplace_back(key);
    document const* found = nullptr;
    for (auto const& each : from_->children)
        if (equal_ignoring_case(each.key, key) && std::exchange(found, &each) != nullptr)
            fail(path(key) + " is set twice", each.line);
    return found;
}

std::string block::path(std::string_view key) const
{
    return std::string(key) + (name_.empty() ? "" : " in " + name_);
}

std::string block::described(document const& found)
{
    return found.kind == family::list ? "a list" : found.kind == family::object ? "a block" : found.text;
}

} // namespace proxy
