// SPDX-License-Identifier: BSL-1.0
#include "codec.hpp"

#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>

namespace cluster {

namespace {

/// The number that each letter stands for: its place in an alphabet; -1: it is in none.
class digits {
public:
    constexpr digits(std::initializer_list<std::string_view> alphabets)
    {
        values_.fill(-1);
        for (auto const& alphabet : alphabets) {
            for (std::size_t at = 0; at < alphabet.size(); ++at) {
                values_[static_cast<unsigned char>(alphabet[at])] = static_cast<signed char>(at);
            }
        }
    }

    [[nodiscard]] constexpr int of(char letter) const { return values_[static_cast<unsigned char>(letter)]; }

private:
    std::array<signed char, 256> values_{};
};

constexpr digits base64_digits{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};
constexpr digits hex_digits{"0123456789abcdef", "0123456789ABCDEF"};

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

} // namespace

std::string base64_encode(std::string_view bytes)
{
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0'); // OpenSSL writes a NUL behind it
    int const length = EVP_EncodeBlock(bytes_of(text), bytes_of(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

std::optional<std::string> base64_decode(std::string_view text)
{
    std::string bytes(text.size() / 4 * 3, '\0');
    std::size_t size = 0;
    std::uint32_t bits = 0;
    std::size_t letters = 0;
    std::size_t padding = 0;
    for (char const letter : text) {
        int const value = base64_digits.of(letter);
        if (letter == '\r' || letter == '\n') {
            continue;
        }
        if (letter == '=') {
            ++padding;
        } else if (value < 0 || padding > 0) {
            return std::nullopt;
        }
        bits = bits << 6U | static_cast<std::uint32_t>(value & 63);
        if (++letters % 4 == 0) {
            bytes[size++] = static_cast<char>(bits >> 16U);
            bytes[size++] = static_cast<char>(bits >> 8U);
            bytes[size++] = static_cast<char>(bits);
        }
    }
    if (letters % 4 != 0 || padding > 2) {
        return std::nullopt;
    }
    bytes.resize(size - padding);
    return bytes;
}

std::string to_hex(std::string_view bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (char const byte : bytes) {
        auto const value = static_cast<unsigned char>(byte);
        text += digits[value >> 4U];
        text += digits[value & 15U];
    }
    return text;
}

std::optional<std::string> from_hex(std::string_view text)
{
    std::string bytes;
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    bytes.reserve(text.size() / 2);
    for (std::size_t at = 0; at < text.size(); at += 2) {
        int const high = hex_digits.of(text[at]);
        int const low = hex_digits.of(text[at + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

struct hmac_signer::state {
    EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    EVP_MAC_CTX* context = EVP_MAC_CTX_new(algorithm);

    state() = default;
    state(state const&) = delete;
    state& operator=(state const&) = delete;
    ~state()
    {
        EVP_MAC_CTX_free(context);
        EVP_MAC_free(algorithm);
    }
};

hmac_signer::hmac_signer(std::string_view key) : state_(std::make_unique<state>())
{
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC_init(state_->context, bytes_of(key), key.size(), parameters);
}

hmac_signer::~hmac_signer() = default;
hmac_signer::hmac_signer(hmac_signer&&) noexcept = default;
hmac_signer& hmac_signer::operator=(hmac_signer&&) noexcept = default;

std::string hmac_signer::sign(std::string_view text) const
{
    std::string code(32, '\0');
    std::size_t length = 0;
    // Without a key the context starts anew with the one that it has.
    EVP_MAC_init(state_->context, nullptr, 0, nullptr);
    EVP_MAC_update(state_->context, bytes_of(text), text.size());
    EVP_MAC_final(state_->context, bytes_of(code), &length, code.size());
    code.resize(length);
    return code;
}

} // namespace cluster
