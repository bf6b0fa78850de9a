// SPDX-License-Identifier: BSL-1.0
#include "shared.hpp"

#include "front.hpp"
#include "scratch_folder.hpp"
#include "server.hpp"
#include "tls.hpp"

#include "cluster/tls.hpp"

#include <doctest/doctest.h>

#include <openssl/ssl.h>

#include <string>

using namespace proxy_tests;

namespace {

/// The proxy's own certificate, as nodes see it.
[[nodiscard]] X509 const* certificate_of(proxy::tls_context const& with)
{
    return ::SSL_CTX_get0_certificate(with->native_handle());
}

} // namespace

TEST_CASE("the certificates for connections to nodes are read anew; broken ones are not taken")
{
    scratch_folder const folder;
    auto const write = [&folder] {
        auto const made = cluster::make_self_signed();
        folder.write("cert.pem", made.certificate);
        folder.write("key.pem", made.key);
    };
    write();
    auto chosen = before("https://127.0.0.1:8200");
    chosen.upstream.ca_cert = chosen.upstream.client_cert = folder / "cert.pem";
    chosen.upstream.client_key = folder / "key.pem";
    kept_lines lines;
    proxy::log log(lines.settings(), lines.sink());
    proxy::shared all(chosen, log, {});
    auto const first = all.tls();
    CHECK(all.tls() == first);
    write();
    all.reload();
    auto const second = all.tls();
    CHECK(::X509_cmp(certificate_of(first), certificate_of(second)) != 0);
    folder.write("cert.pem", "no certificate");
    CHECK_THROWS_AS(all.reload(), proxy::setup_error);
    CHECK(all.tls() == second);
}

TEST_CASE("where no node is reached by TLS, there is nothing to read")
{
    auto chosen = before("http://127.0.0.1:8200");
    chosen.upstream.ca_cert = "/nowhere";
    kept_lines lines;
    proxy::log log(lines.settings(), lines.sink());
    proxy::shared all(chosen, log, {});
    all.reload();
    CHECK(all.tls() == nullptr);
}
