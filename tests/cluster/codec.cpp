// SPDX-License-Identifier: BSL-1.0
#include "codec.hpp"

#include "answers.hpp"

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <vector>

namespace cluster {

namespace {

std::vector<std::string_view> pieces(std::string_view text)
{
    std::vector<std::string_view> found;
    found.reserve(4); // of a Vault index
    for (;;) {
        auto const colon = text.find(':');
        found.push_back(text.substr(0, colon));
        if (colon == std::string_view::npos) {
            return found;
        }
        text.remove_prefix(colon + 1);
    }
}

bool only_digits(std::string_view text)
{
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char letter) { return letter >= '0' && letter <= '9'; });
}

std::string number_error(std::string_view which, std::string_view text)
{
    return "invalid " + std::string(which) + " index in state header: strconv.ParseUint: parsing \"" +
           std::string(text) + "\": " + (only_digits(text) ? "value out of range" : "invalid syntax");
}

bool same_code(std::string_view left, std::string_view right)
{
    return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::optional<std::uint32_t> half(std::string_view text)
{
    std::uint32_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

/// Told of each member in the order of the text: where several fit a name, the last one counts, and null
/// changes nothing (Go encoding/json).
class openbao_members {
public:
    bool operator()(int depth, nlohmann::json::parse_event_t event, nlohmann::json const& parsed)
    {
        using what = nlohmann::json::parse_event_t;
        if (depth != 1) {
            return true; // the object itself, or something inside of a member
        }
        if (event == what::key) {
            name_ = parsed.get<std::string>();
            member_ = same_name(name_, "cluster") ? &index_.cluster : nullptr;
            member_ = same_name(name_, "value") ? &index_.value : member_;
        } else if (member_ != nullptr && event == what::value && parsed.is_string()) {
            *member_ = parsed.get<std::string>();
        } else if (member_ != nullptr && !(event == what::value && parsed.is_null()) && error_.empty()) {
            error_ = name_ + " is not a string";
        }
        return true;
    }

    [[nodiscard]] openbao_index_result result() const
    {
        return error_.empty() ? openbao_index_result{index_, {}} : openbao_index_result{{}, error_};
    }

private:
    openbao_index index_;
    std::string error_;
    std::string name_;
    std::string* member_ = nullptr; ///< what the next value belongs to
};

} // namespace

std::string encode_vault_index(vault_index const& index, hmac_signer const& signer)
{
    std::string text = "v1:" + index.cluster + ':' + std::to_string(index.where.local) + ':' +
                       std::to_string(index.where.replicated);
    auto const code = to_hex(signer.sign(text));
    return base64_encode(text.append(":").append(code));
}

vault_index_result decode_vault_index(std::string_view text, hmac_signer const* signer)
{
    auto const plain = base64_decode(text);
    if (!plain) {
        return {std::nullopt, "illegal base64 data"};
    }
    auto const last = plain->rfind(':');
    if (last == std::string::npos) {
        return {std::nullopt, "invalid full state header format"};
    }
    auto const head = std::string_view{*plain}.substr(0, last);
    auto const tail = std::string_view{*plain}.substr(last + 1);
    auto const code = from_hex(tail);
    if (!code) {
        return {std::nullopt, "invalid state header HMAC: " + std::string(tail)};
    }
    if (signer != nullptr && !same_code(*code, signer->sign(head))) {
        return {std::nullopt, "invalid state header HMAC (mismatch)"};
    }
    auto const parts = pieces(head);
    if (parts.size() != 4 || parts[0] != "v1" || parts[1].empty()) {
        return {std::nullopt, "invalid state header format"};
    }
    auto const local = parse_decimal(parts[2]);
    if (!local) {
        return {std::nullopt, number_error("local", parts[2])};
    }
    auto const replicated = parse_decimal(parts[3]);
    if (!replicated) {
        return {std::nullopt, number_error("replicated", parts[3])};
    }
    return {vault_index{std::string(parts[1]), {*local, *replicated}}, {}};
}

std::string encode_openbao_index(openbao_index const& index)
{
    std::string object = "{";
    object.reserve(100); // more than most of them have
    auto const add = [&](std::string_view name, std::string const& value) {
        if (!value.empty()) {
            object.append(object.size() > 1 ? "," : "").append(name).append(json_string(value));
        }
    };
    add(R"("cluster":)", index.cluster);
    add(R"("value":)", index.value);
    return base64_encode(object.append("}"));
}

openbao_index_result decode_openbao_index(std::string_view text)
{
    if (text.empty()) {
        return {};
    }
    auto const plain = base64_decode(text);
    if (!plain) {
        return {std::nullopt, "illegal base64 data"};
    }
    openbao_members members;
    auto const json = nlohmann::json::parse(*plain, std::ref(members), false);
    if (json.is_null()) {
        return {openbao_index{}, {}};
    }
    if (!json.is_object()) {
        return {std::nullopt, "not a JSON object"};
    }
    return members.result();
}

std::optional<std::uint64_t> parse_decimal(std::string_view text)
{
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::string lsn_text(std::uint64_t value)
{
    char text[18];
    char* end = std::to_chars(text, text + sizeof text, value >> 32U, 16).ptr;
    *end++ = '/';
    end = std::to_chars(end, text + sizeof text, value & 0xFFFFFFFFU, 16).ptr;
    std::transform(text, end, text, [](char letter) {
        return letter >= 'a' && letter <= 'f' ? static_cast<char>(letter - 'a' + 'A') : letter;
    });
    return {text, end};
}

std::optional<std::uint64_t> parse_lsn(std::string_view text)
{
    auto const slash = text.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    auto const high = half(text.substr(0, slash));
    auto const low = half(text.substr(slash + 1));
    if (!high || !low) {
        return std::nullopt;
    }
    return (std::uint64_t{*high} << 32U) | *low;
}

std::string storage_text(storage kind, std::uint64_t value)
{
    return kind == storage::postgresql ? lsn_text(value) : std::to_string(value);
}

std::optional<std::uint64_t> parse_storage_text(storage kind, std::string_view text)
{
    return kind == storage::postgresql ? parse_lsn(text) : parse_decimal(text);
}

} // namespace cluster
