// SPDX-License-Identifier: BSL-1.0
#include "codec.hpp"

#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <iterator>

namespace cluster {

namespace {

bool in_alphabet(char letter)
{
    return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
           (letter >= '0' && letter <= '9') || letter == '+' || letter == '/';
}

int hex_digit(char letter)
{
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    if (letter >= 'a' && letter <= 'f') {
        return letter - 'a' + 10;
    }
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

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
    std::string clean;
    clean.reserve(text.size());
    std::copy_if(text.begin(), text.end(), std::back_inserter(clean),
                 [](char letter) { return letter != '\r' && letter != '\n'; });
    auto const digits = std::find(clean.begin(), clean.end(), '=') - clean.begin();
    auto const padding = clean.size() - static_cast<std::size_t>(digits);
    // EVP_DecodeBlock forgives spaces and '=' in the middle; Go does not, so it is judged here.
    bool const whole = clean.size() % 4 == 0 && padding <= 2 &&
                       std::all_of(clean.begin(), clean.begin() + digits, in_alphabet) &&
                       std::all_of(clean.begin() + digits, clean.end(), [](char c) { return c == '='; });
    if (!whole) {
        return std::nullopt;
    }
    std::string bytes(clean.size() / 4 * 3, '\0');
    if (EVP_DecodeBlock(bytes_of(bytes), bytes_of(clean), static_cast<int>(clean.size())) < 0) {
        return std::nullopt;
    }
    bytes.resize(bytes.size() - padding);
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

std::optional<std::string> from_hex(std::string_view digits)
{
    std::string bytes;
    if (digits.size() % 2 != 0) {
        return std::nullopt;
    }
    for (std::size_t at = 0; at < digits.size(); at += 2) {
        int const high = hex_digit(digits[at]);
        int const low = hex_digit(digits[at + 1]);
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
