// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/base64.hpp>
#include <afterwrite/bytes/json.hpp>
#include <afterwrite/result.hpp>
#include <afterwrite/state/opaque_index.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

// The value of X-Vault-Index as OpenBao writes it since 2.7, unsigned:
//
//     base64( {"cluster":"...","value":"..."} )
//
// Source: `IndexValue` and `DecodeIndexValue` of OpenBao's api/index.go.

namespace afterwrite::inline AFTERWRITE_VERSION {

static_assert(json_text::capacity >= cluster_id::max_size &&
              json_text::capacity >= opaque_index::max_value_size);
static_assert(json_reader::max_depth >= base64_decoded_size_max(max_index_size));

namespace detail {

/// Whether Go takes `name` for the field `field` (in lower case): without regard to case, and the long s,
/// U+017F, is an s. (So is the Kelvin sign a k, but no field has one.)
[[nodiscard]] constexpr bool is_field_name(std::string_view name, std::string_view field) noexcept
{
    for (char const expected : field) {
        constexpr std::string_view long_s = "\xc5\xbf";
        if (expected == 's' && name.starts_with(long_s))
            name.remove_prefix(long_s.size());
        else if (!name.empty() && (name.front() == expected || name.front() == expected - 'a' + 'A'))
            name.remove_prefix(1);
        else
            return false;
    }
    return name.empty();
}

} // namespace detail

/// Reads an OpenBao index, as Go reads JSON into a struct: names match without regard to case, the last of
/// several counts, null leaves a field as it was, and other fields are skipped (`has_unknown_fields` tells).
/// Its errors, in this order:
///
/// - `too_long`: more than `max_index_size`, and then nothing else about it is looked at;
/// - `not_base64`, also for CR and LF: Go skips them, but no HTTP field value can hold them;
/// - `not_json`: not valid, no object, or another thing than a text for one of the two fields;
/// - `missing_field`: OpenBao accepts a cluster or value that is absent or empty, but that names no state;
/// - `cluster_too_long`, then `value_too_long`: beyond our bounds, which OpenBao does not have.
///
/// Allocates nothing; stack and time are bounded, whatever the JSON nests.
[[nodiscard]] constexpr result<opaque_index, decode_error>
decode_openbao_index(std::string_view text) noexcept
{
    if (text.size() > max_index_size)
        return unexpected(decode_error::too_long);
    char buffer[base64_decoded_size_max(max_index_size)];
    auto const size = base64_decode(text, buffer);
    if (!size)
        return unexpected(decode_error::not_base64);

    json_reader json(std::string_view(buffer, *size));
    json_text cluster;
    json_text value;
    opaque_index index;
    json.skip_spaces();
    if (!json.take("null")) { // which Go takes for an object without fields
        if (!json.take("{"))
            return unexpected(decode_error::not_json);
        json.skip_spaces();
        bool is_closed = json.take("}");
        while (!is_closed) {
            json_text name;
            if (!json.take_name(name))
                return unexpected(decode_error::not_json);
            bool const is_cluster = detail::is_field_name(name.view(), "cluster");
            bool const is_value = detail::is_field_name(name.view(), "value");
            index.has_unknown_fields |= !is_cluster && !is_value;
            bool const is_read = is_cluster || is_value
                                     ? json.take("null") || json.take_string(is_cluster ? cluster : value)
                                     : json.skip_value();
            json.skip_spaces();
            is_closed = is_read && json.take("}");
            if (!is_read || (!is_closed && !json.take(",")))
                return unexpected(decode_error::not_json);
        }
    }
    json.skip_spaces();
    if (!json.at_end())
        return unexpected(decode_error::not_json);

    if (cluster.empty() || value.empty())
        return unexpected(decode_error::missing_field);
    if (cluster.size() > cluster_id::max_size)
        return unexpected(decode_error::cluster_too_long);
    if (value.size() > opaque_index::max_value_size)
        return unexpected(decode_error::value_too_long);
    index.cluster = cluster_id(cluster.view());
    index.value = inline_string<opaque_index::max_value_size>(value.view());
    return index;
}

/// Writes an OpenBao index byte for byte as the server does: an empty cluster or value is left out. Unknown
/// fields of the index that `index` was read from are lost, so send the text that was received, not this. At
/// most 204 bytes where nothing needs an escape; with many it can exceed `max_index_size`, and then does not
/// decode. Allocates.
[[nodiscard]] inline std::string encode_openbao_index(opaque_index const& index)
{
    std::string json = "{";
    if (!index.cluster.empty()) {
        json += "\"cluster\":";
        append_json_string(json, index.cluster);
    }
    if (!index.value.empty()) {
        json += index.cluster.empty() ? "\"value\":" : ",\"value\":";
        append_json_string(json, index.value);
    }
    json += '}';
    return base64_encode(json);
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
