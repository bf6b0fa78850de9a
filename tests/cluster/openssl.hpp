// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

namespace cluster {

/// For `std::unique_ptr`: what OpenSSL has made, `Free` ends.
template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* object) const
    {
        Free(object);
    }
};

using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;

/// Throws std::runtime_error if it is not done.
inline void must(bool done, char const* what)
{
    if (!done) {
        throw std::runtime_error(std::string("OpenSSL: ") + what);
    }
}

/// The PEM text that `write(BIO*)`, one of OpenSSL's PEM_write_bio_*, makes.
template <class Write>
[[nodiscard]] std::string pem_text(Write const& write)
{
    const bio_ptr memory(BIO_new(BIO_s_mem()));
    must(write(memory.get()) == 1, "no PEM text");
    char* data = nullptr;
    auto const size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

/// A private key as PEM text, which no password guards.
[[nodiscard]] inline std::string private_key_text(EVP_PKEY const& key)
{
    return pem_text(
        [&](BIO* to) { return PEM_write_bio_PrivateKey(to, &key, nullptr, nullptr, 0, nullptr, nullptr); });
}

} // namespace cluster
