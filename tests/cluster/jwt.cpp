// SPDX-License-Identifier: BSL-1.0
#include "jwt.hpp"

#include "codec.hpp"
#include "openssl.hpp"
#include "url_base64.hpp"

#include <openssl/crypto.h>
#include <openssl/rsa.h>

#include <optional>
#include <vector>

namespace cluster {

namespace {

using digest_ptr = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;

bool is_pem(std::string_view key) { return key.starts_with("-----BEGIN"); }

bio_ptr reader_of(std::string_view text)
{
    return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

std::string sign(std::string_view text, std::string_view key)
{
    if (!is_pem(key)) {
        return hmac_signer(key).sign(text);
    }
    const key_ptr pair(PEM_read_bio_PrivateKey(reader_of(key).get(), nullptr, nullptr, nullptr));
    must(pair != nullptr, "no private key");
    const digest_ptr digest(EVP_MD_CTX_new());
    must(EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, pair.get()) == 1, "no signature");
    std::size_t size = 0;
    must(EVP_DigestSign(digest.get(), nullptr, &size, bytes_of(text), text.size()) == 1, "no signature");
    std::vector<unsigned char> code(size);
    must(EVP_DigestSign(digest.get(), code.data(), &size, bytes_of(text), text.size()) == 1, "no signature");
    return {code.begin(), code.begin() + static_cast<std::ptrdiff_t>(size)};
}

bool is_signed(std::string_view text, std::string_view code, std::string_view key)
{
    if (!is_pem(key)) {
        const std::string own = hmac_signer(key).sign(text);
        return own.size() == code.size() && CRYPTO_memcmp(own.data(), code.data(), own.size()) == 0;
    }
    const key_ptr known(PEM_read_bio_PUBKEY(reader_of(key).get(), nullptr, nullptr, nullptr));
    must(known != nullptr, "no public key");
    const digest_ptr digest(EVP_MD_CTX_new());
    return EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, known.get()) == 1 &&
           EVP_DigestVerify(digest.get(), bytes_of(code), code.size(), bytes_of(text), text.size()) == 1;
}

std::string_view algorithm_of(std::string_view key) { return is_pem(key) ? "RS256" : "HS256"; }

nlohmann::json object_in(std::string_view part)
{
    auto const text = url_base64_decode(part);
    auto json = nlohmann::json::parse(text.value_or(""), nullptr, false);
    return json.is_object() ? json : nlohmann::json();
}

std::optional<double> number_in(nlohmann::json const& claims, char const* name)
{
    auto const found = claims.find(name);
    return found != claims.end() && found->is_number() ? std::optional{found->get<double>()} : std::nullopt;
}

jwt_claims refused(char const* why) { return {{}, why}; }

} // namespace

jwt_key_pair make_jwt_keys()
{
    const key_ptr pair(EVP_RSA_gen(2048));
    must(pair != nullptr, "no key");
    return {pem_text([&](BIO* to) { return PEM_write_bio_PUBKEY(to, pair.get()); }), private_key_text(*pair)};
}

std::string make_jwt(nlohmann::json const& claims, std::string_view key)
{
    const nlohmann::json head = {{"alg", algorithm_of(key)}, {"typ", "JWT"}};
    const std::string text = url_base64_encode(head.dump()) + '.' + url_base64_encode(claims.dump());
    return text + '.' + url_base64_encode(sign(text, key));
}

jwt_claims read_jwt(std::string_view text, std::string_view key, std::int64_t now)
{
    auto const last = text.rfind('.');
    auto const first = text.find('.');
    if (first == last || text.find('.', first + 1) != last) {
        return refused("malformed jwt");
    }
    auto const head = object_in(text.substr(0, first));
    auto claims = object_in(text.substr(first + 1, last - first - 1));
    auto const code = url_base64_decode(text.substr(last + 1));
    if (head.is_null() || claims.is_null() || !code) {
        return refused("malformed jwt");
    }
    if (!head.contains("alg") || head["alg"] != algorithm_of(key)) {
        return refused("unexpected signing algorithm");
    }
    if (!is_signed(text.substr(0, last), *code, key)) {
        return refused("no known key successfully validated the token signature");
    }
    auto const moment = static_cast<double>(now);
    if (moment > number_in(claims, "exp").value_or(moment)) {
        return refused("token is expired (exp)");
    }
    if (moment < number_in(claims, "nbf").value_or(moment)) {
        return refused("token not valid yet (nbf)");
    }
    return {std::move(claims), {}};
}

bool is_meant_for(nlohmann::json const& claims, std::string_view audience)
{
    auto const found = claims.find("aud");
    if (audience.empty()) {
        return true;
    }
    if (found == claims.end()) {
        return false;
    }
    if (!found->is_array()) {
        return *found == audience;
    }
    for (auto const& each : *found) {
        if (each == audience) {
            return true;
        }
    }
    return false;
}

} // namespace cluster
