// SPDX-License-Identifier: BSL-1.0
#include "tls.hpp"

#include "server.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace proxy {

namespace {

namespace ssl = asio::ssl;

[[nodiscard]] tls_context make(ssl::context::method side)
{
    auto made = std::make_shared<ssl::context>(side);
    made->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                      ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | ssl::context::no_compression);
    ::SSL_CTX_set_mode(made->native_handle(), SSL_MODE_RELEASE_BUFFERS);
    ::SSL_CTX_set_options(made->native_handle(), SSL_OP_NO_RENEGOTIATION);
    return made;
}

void check(error_code const& error, std::string const& setting, std::string const& file)
{
    if (error)
        throw setup_error(setting + " \"" + file + "\" cannot be used: " + error.message());
}

void use_identity(ssl::context& with, std::string const& cert, std::string const& cert_setting,
                  std::string const& key, std::string const& key_setting)
{
    error_code error;
    with.use_certificate_chain_file(cert, error);
    check(error, cert_setting, cert);
    with.use_private_key_file(key, ssl::context::pem, error);
    check(error, key_setting, key);
    if (::SSL_CTX_check_private_key(with.native_handle()) != 1)
        throw setup_error(key_setting + " \"" + key + "\" does not belong to " + cert_setting + " \"" + cert +
                          "\"");
}

/// By its bytes: a certificate knows nothing of the interface that "fe80::1%eth0" names.
[[nodiscard]] bool expect_number(X509_VERIFY_PARAM* rules, asio::ip::address const& number)
{
    auto const set = [rules](auto const& bytes) {
        return ::X509_VERIFY_PARAM_set1_ip(rules, bytes.data(), bytes.size()) == 1;
    };
    return number.is_v4() ? set(number.to_v4().to_bytes()) : set(number.to_v6().to_bytes());
}

} // namespace

tls_context make_server_tls(listener_tls const& chosen)
{
    auto made = make(ssl::context::tls_server);
    use_identity(*made, chosen.cert_file, "tls_cert_file", chosen.key_file, "tls_key_file");
    error_code error;
    if (!chosen.client_ca_file.empty()) {
        made->load_verify_file(chosen.client_ca_file, error);
        check(error, "tls_client_ca_file", chosen.client_ca_file);
        ::SSL_CTX_set_client_CA_list(made->native_handle(),
                                     ::SSL_load_client_CA_file(chosen.client_ca_file.c_str()));
    }
    if (chosen.require_and_verify_client_cert)
        made->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    else if (!chosen.client_ca_file.empty())
        made->set_verify_mode(ssl::verify_peer);
    constexpr std::string_view id = "afterwrite"; // sessions may be resumed with clients' certificates
    ::SSL_CTX_set_session_id_context(made->native_handle(), reinterpret_cast<unsigned char const*>(id.data()),
                                     static_cast<unsigned>(id.size()));
    return made;
}

tls_context make_client_tls(upstream_settings const& chosen)
{
    auto made = make(ssl::context::tls_client);
    error_code error;
    if (!chosen.ca_cert.empty()) {
        made->load_verify_file(chosen.ca_cert, error);
        check(error, "ca_cert", chosen.ca_cert);
    }
    if (!chosen.ca_path.empty()) {
        made->add_verify_path(chosen.ca_path, error);
        check(error, "ca_path", chosen.ca_path);
    }
    if (chosen.ca_cert.empty() && chosen.ca_path.empty())
        made->set_default_verify_paths(error);
    if (!chosen.client_cert.empty())
        use_identity(*made, chosen.client_cert, "client_cert", chosen.client_key, "client_key");
    made->set_verify_mode(chosen.tls_skip_verify ? ssl::verify_none : ssl::verify_peer);
    return made;
}

error_code expect_host(stream& with, std::string const& host, bool is_checked)
{
    auto* const handle = with.tls().native_handle();
    error_code is_name;
    auto const number = asio::ip::make_address(host, is_name);
    bool is_set = true;
    if (is_name)
        is_set = SSL_set_tlsext_host_name(handle, const_cast<char*>(host.c_str())) == 1;
    if (is_checked && is_set)
        is_set = is_name
                     ? ::X509_VERIFY_PARAM_set1_host(::SSL_get0_param(handle), host.data(), host.size()) == 1
                     : expect_number(::SSL_get0_param(handle), number);
    return is_set ? error_code() : error_code(asio::error::invalid_argument);
}

bool is_plain_http(error_code const& error) noexcept
{
    return error.category() == asio::error::get_ssl_category() &&
           ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
}

} // namespace proxy
