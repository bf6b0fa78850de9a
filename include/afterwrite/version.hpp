// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The version, in its only place: the token names the inline namespace of every header, so that two
/// vendored copies of different versions live in one program, and both build files read it from this line.
#define AFTERWRITE_VERSION v0_1_0

/// Read-after-write consistency for clients, proxies and plugins of HashiCorp Vault and OpenBao.
namespace afterwrite::inline AFTERWRITE_VERSION {

/// A semantic version (semver.org).
struct version_number {
    int major = 0;
    int minor = 0;
    int patch = 0;

    friend constexpr bool operator==(version_number const&, version_number const&) = default;
};

namespace detail {

/// Reads "v1_2_3", so that the numbers cannot differ from the name of the namespace.
template <int Size>
constexpr version_number read_version(char const (&token)[Size])
{
    int parts[3] = {};
    int part = 0;
    for (int i = 1; i < Size - 1; ++i) {
        if (token[i] == '_')
            ++part;
        else
            parts[part] = parts[part] * 10 + (token[i] - '0');
    }
    return {parts[0], parts[1], parts[2]};
}

#define AFTERWRITE_TEXT_OF(token) #token
#define AFTERWRITE_TEXT(token) AFTERWRITE_TEXT_OF(token)
inline constexpr version_number this_version = read_version(AFTERWRITE_TEXT(AFTERWRITE_VERSION));
#undef AFTERWRITE_TEXT
#undef AFTERWRITE_TEXT_OF

} // namespace detail

/// The version of the headers that this unit was compiled with.
inline constexpr version_number version = detail::this_version;

} // namespace afterwrite::inline AFTERWRITE_VERSION
