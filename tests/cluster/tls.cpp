// SPDX-License-Identifier: BSL-1.0
#include "tls.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

namespace cluster {

namespace {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* object) const
    {
        Free(object);
    }
};

using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;

void must(bool done, char const* what)
{
    if (!done) {
        throw std::runtime_error(std::string("certificate: ") + what);
    }
}

void add_extension(X509& certificate, int which, char const* value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, &certificate, &certificate, nullptr, nullptr, 0);
    const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, which, value));
    must(extension && X509_add_ext(&certificate, extension.get(), -1) == 1, value);
}

std::string text_of(BIO& memory)
{
    char* data = nullptr;
    long const length = BIO_get_mem_data(&memory, &data);
    return {data, static_cast<std::size_t>(length)};
}

} // namespace

tls_identity make_self_signed()
{
    const key_ptr key(EVP_EC_gen("P-256"));
    const certificate_ptr certificate(X509_new());
    must(key && certificate, "out of memory");
    std::uint32_t serial = 0;
    must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "serial");
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial | 1U);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -300); // clocks of one host may be read apart
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
    X509_NAME* const name = X509_get_subject_name(certificate.get());
    auto const* const common = reinterpret_cast<unsigned char const*>("emulated cluster");
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0) == 1, "name");
    X509_set_issuer_name(certificate.get(), name);
    X509_set_pubkey(certificate.get(), key.get());
    add_extension(*certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(*certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    must(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "signature");

    const bio_ptr certificate_text(BIO_new(BIO_s_mem()));
    const bio_ptr key_text(BIO_new(BIO_s_mem()));
    must(PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1, "PEM");
    must(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "PEM");
    return {text_of(*certificate_text), text_of(*key_text)};
}

} // namespace cluster
