// SPDX-License-Identifier: BSL-1.0
// The program, as a user and a script see it: what it says, what it returns, and how it takes signals.
#include "scratch_folder.hpp"
#include "wire_client.hpp"

#include <doctest/doctest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using proxy_tests::scratch_folder;
using proxy_tests::wire_client;

namespace {

/// A pipe that a child writes into.
struct pipe_from_child {
    pipe_from_child()
    {
        if (::pipe2(ends, O_CLOEXEC) != 0)
            throw std::runtime_error("there is no pipe");
    }
    ~pipe_from_child()
    {
        ::close(ends[0]);
        close_writing();
    }
    pipe_from_child(pipe_from_child const&) = delete;
    pipe_from_child& operator=(pipe_from_child const&) = delete;

    void close_writing()
    {
        if (ends[1] >= 0)
            ::close(std::exchange(ends[1], -1));
    }

    /// Up to and with the end of a line, or to the end.
    std::string read_line() const
    {
        std::string line;
        for (char c = 0; c != '\n' && ::read(ends[0], &c, 1) == 1;)
            line += c;
        return line;
    }
    std::string read_all() const
    {
        std::string all;
        for (std::string line = read_line(); !line.empty(); line = read_line())
            all += line;
        return all;
    }

    int ends[2] = {-1, -1};
};

/// The program as a child process, without variables of Vault's.
class program {
public:
    explicit program(std::vector<std::string> arguments, std::vector<std::string> variables = {})
    {
        arguments.insert(arguments.begin(), AFTERWRITE_PROXY_PROGRAM);
        auto const pointers = [](std::vector<std::string>& texts) {
            std::vector<char*> all;
            for (auto& text : texts)
                all.push_back(text.data());
            all.push_back(nullptr);
            return all;
        };
        auto const argument_pointers = pointers(arguments);
        auto const variable_pointers = pointers(variables);
        process_ = ::fork();
        if (process_ == 0) {
            ::dup2(output.ends[1], STDOUT_FILENO);
            ::dup2(errors.ends[1], STDERR_FILENO);
            ::execve(arguments[0].c_str(), argument_pointers.data(), variable_pointers.data());
            ::_exit(127);
        }
        if (process_ < 0)
            throw std::runtime_error("there is no process");
        output.close_writing();
        errors.close_writing();
    }
    ~program()
    {
        if (process_ > 0) {
            send(SIGKILL);
            wait();
        }
    }
    program(program const&) = delete;
    program& operator=(program const&) = delete;

    void send(int signal) const { ::kill(process_, signal); }

    /// Its exit status; of a signal that ended it, the negative number.
    int wait()
    {
        int status = 0;
        while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        process_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    /// The port of the first address that it says.
    std::string port() const
    {
        auto const line = output.read_line();
        REQUIRE(line.starts_with("listening at http://127.0.0.1:"));
        auto const from = line.rfind(':') + 1;
        return line.substr(from, line.size() - from - 1);
    }

    pipe_from_child output{};
    pipe_from_child errors{};

private:
    pid_t process_ = -1;
};

/// A connection to it.
class client {
public:
    explicit client(std::string const& port) : socket_(context_)
    {
        boost::asio::connect(socket_, boost::asio::ip::tcp::resolver(context_).resolve("127.0.0.1", port));
    }

    void send(std::string const& text) { boost::asio::write(socket_, boost::asio::buffer(text)); }

    /// All that comes until it closes the connection.
    std::string read_all()
    {
        std::string all;
        boost::system::error_code error;
        boost::asio::read(socket_, boost::asio::dynamic_buffer(all), error);
        return all;
    }

private:
    boost::asio::io_context context_{};
    boost::asio::ip::tcp::socket socket_;
};

std::string get(std::string const& port, std::string const& path)
{
    client one(port);
    one.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return one.read_all();
}

/// A port where somebody listens, and takes nobody's connection.
class silent_server {
public:
    [[nodiscard]] std::string address() const
    {
        return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }

    /// Waits for a connection, and for the first byte that comes through it.
    void take_byte()
    {
        taken_ = acceptor_.accept();
        char byte = 0;
        CHECK(boost::asio::read(taken_, boost::asio::buffer(&byte, 1)) == 1);
    }

private:
    boost::asio::io_context context_{};
    boost::asio::ip::tcp::acceptor acceptor_{context_, {boost::asio::ip::make_address("127.0.0.1"), 0}};
    boost::asio::ip::tcp::socket taken_{context_};
};

} // namespace

TEST_CASE("what cannot be done has a sentence and a status")
{
    scratch_folder const place;
    silent_server const taken;
    auto const bad = place.write("bad.hcl", "api_proxy {\n  enforce_consistancy = \"always\"\n}\n");
    auto const certificate = place.write("no.pem", "this is no certificate");
    auto const tls =
        place.write("tls.hcl", "listener \"tcp\" { address = \"127.0.0.1:0\" tls_cert_file = \"" +
                                   certificate + "\" tls_key_file = \"" + certificate + "\" }");
    struct row {
        std::vector<std::string> arguments;
        int status;
        std::string sentence; // how it begins
    };
    for (auto const& each : {
             row{{}, 1, "there is no listener"},
             row{{"-nonsense"}, 2, "there is no flag \"-nonsense\"; -help lists them\n"},
             row{{"-config"}, 2, "-config needs a value: -config=<path>\n"},
             row{{"-listen=x"}, 2, "-listen takes a host and a port"},
             row{{"-config=" + bad}, 1, bad + ":2: there is no setting \"enforce_consistancy\" in api_proxy"},
             row{{"-check", "-config=" + bad}, 1, bad + ":2: there is no setting"},
             row{{"-config=" + place / "none"}, 1, place / "none: it cannot be read: No such file"},
             row{{"-listen=" + taken.address()}, 1, "listener \"" + taken.address() + "\""},
             row{{"-config=" + tls}, 1, "tls_cert_file \"" + certificate + "\" cannot be used"},
             row{{"-listen=127.0.0.1:0", "-log-file=/nowhere/a.log"},
                 1,
                 "log_file: cannot open /nowhere/a.log: No such file or directory\n"},
         }) {
        CAPTURE(each.sentence);
        program started(each.arguments);
        auto const said = started.errors.read_all();
        CAPTURE(said);
        CHECK(said.find("afterwrite.proxy: " + each.sentence) != said.npos);
        CHECK(said.ends_with('\n'));
        CHECK(started.output.read_all().empty());
        CHECK(started.wait() == each.status);
    }
}

TEST_CASE("what is asked for instead of a proxy goes to standard output")
{
    for (auto const& [arguments, beginning] :
         std::initializer_list<std::pair<std::vector<std::string>, char const*>>{
             {{"-help"}, "usage: afterwrite.proxy [flags]\n"},
             {{"-version"}, "afterwrite.proxy 0."},
             {{"-check", "-listen=127.0.0.1:0"}, "valid\n"}}) {
        program started(arguments);
        CHECK(started.output.read_all().starts_with(beginning));
        CHECK(started.errors.read_all().empty());
        CHECK(started.wait() == 0);
    }
}

TEST_CASE("it answers at the port that it says, and ends after SIGTERM or SIGINT")
{
    for (int const signal : {SIGTERM, SIGINT}) {
        scratch_folder const place;
        auto const file =
            place.write("good.hcl", "pid_file = \"" + place / "pid" +
                                        "\"\n"
                                        "log_file = \"" +
                                        place / "log" +
                                        "\"\n"
                                        "vault { address = \"http://127.0.0.1:1\" }\n"
                                        "listener \"tcp\" { address = \"127.0.0.1:0\" tls_disable = true }\n"
                                        "listener \"unix\" { address = \"" +
                                        place / "socket" + "\" tls_disable = true }\n");
        program started({"-config=" + file});
        auto const port = started.port();
        CHECK(started.output.read_line() == "listening at unix://" + place / "socket\n");
        CHECK(std::stoi(place.read("pid")) > 1);
        CHECK(get(port, "/proxy/v1/health").starts_with("HTTP/1.1 200 "));
        auto const metrics = get(port, "/proxy/v1/metrics?format=prometheus");
        CHECK(metrics.find("\nafterwrite_proxy_requests_total ") != metrics.npos);
        CHECK(get(port, "/v1/sys/health").starts_with("HTTP/1.1 503 "));
        started.send(signal);
        CHECK(started.wait() == 0);
        CHECK(started.errors.read_all().empty());
        CHECK_FALSE(std::filesystem::exists(place / "pid"));
        CHECK_FALSE(std::filesystem::exists(place / "socket"));
        CHECK(place.read("log").find(" [INFO]  listening: address=http://127.0.0.1:" + port) !=
              std::string::npos);
    }
}

TEST_CASE("the environment and JSON lines")
{
    program started({"-listen=127.0.0.1:0"}, {"VAULT_ADDR=http://127.0.0.1:2", "VAULT_LOG_FORMAT=json"});
    CHECK(started.port() != "0");
    auto const line = started.errors.read_line();
    CHECK(line.starts_with("{\"@level\":\"info\",\"@message\":\"listening\","));
    CHECK(line.find("\"upstream\":\"http://127.0.0.1:2\"") != line.npos);
    started.send(SIGTERM);
    CHECK(started.wait() == 0);
}

TEST_CASE("SIGHUP opens the log file anew, and goes on")
{
    scratch_folder const place;
    program started({"-listen=127.0.0.1:0", "-address=http://127.0.0.1:1", "-log-file=" + place / "log"});
    auto const port = started.port();
    std::filesystem::rename(place / "log", place / "old");
    started.send(SIGHUP);
    while (place.read("log").find("anew\n") == std::string::npos) // the time limit of the test ends it
        CHECK_MESSAGE(get(port, "/proxy/v1/health").starts_with("HTTP/1.1 200 "), "it goes on");
    started.send(SIGTERM);
    CHECK(started.wait() == 0);
    CHECK(place.read("old").find("listening") != std::string::npos);
}

TEST_CASE("a second signal ends it at once, though a request is under way")
{
    scratch_folder const place;
    silent_server upstream;
    auto const file = place.write("a.hcl", "shutdown_grace = \"1h\"\npid_file = \"" + place / "pid" + "\"");
    program started({"-config=" + file, "-listen=127.0.0.1:0", "-address=http://" + upstream.address()});
    client waiting(started.port());
    waiting.send("GET /v1/secret/a HTTP/1.1\r\nHost: x\r\n\r\n");
    upstream.take_byte();
    started.send(SIGTERM);
    for (std::string line = started.errors.read_line(); line.find("draining") == line.npos;)
        line = started.errors.read_line();
    started.send(SIGTERM);
    CHECK(started.wait() == 128 + SIGTERM);
    CHECK_FALSE(std::filesystem::exists(place / "pid"));
}

TEST_CASE("what outlasts the grace is cut off, and that is told")
{
    scratch_folder const place;
    silent_server upstream;
    auto const file = place.write("a.hcl", "shutdown_grace = 0");
    program started({"-config=" + file, "-listen=127.0.0.1:0", "-address=http://" + upstream.address()});
    client waiting(started.port());
    waiting.send("GET /v1/secret/a HTTP/1.1\r\nHost: x\r\n\r\n");
    upstream.take_byte();
    started.send(SIGTERM);
    CHECK(started.wait() == 1);
    CHECK(started.errors.read_all().find("[WARN]  requests were cut off") != std::string::npos);
}

TEST_CASE("a pipe for its log that nobody reads stops neither requests nor its end")
{
    program started({"-listen=127.0.0.1:0", "-address=http://127.0.0.1:1", "-log-level=debug"});
    auto const port = started.port();
    ::fcntl(started.errors.ends[0], F_SETPIPE_SZ, 4096);
    for (int i = 0; i < 40; ++i)
        CHECK(get(port, "/v1/" + std::string(1000, 'x')).starts_with("HTTP/1.1 503 "));
    auto const metrics = get(port, "/proxy/v1/metrics?format=prometheus");
    CHECK(metrics.find("\nafterwrite_proxy_log_dropped_total ") != metrics.npos);
    CHECK(metrics.find("\nafterwrite_proxy_log_dropped_total 0\n") == metrics.npos);
    started.send(SIGTERM);
    CHECK(started.wait() == 0);
}

TEST_CASE("another one may begin while it ends: it leaves that one's socket and pid file alone")
{
    scratch_folder const place;
    silent_server upstream;
    auto const socket = place / "socket";
    auto const file = place.write("a.hcl", "shutdown_grace = \"1h\"\npid_file = \"" + place / "pid" +
                                               "\"\nvault { address = \"http://" + upstream.address() +
                                               "\" }\nlistener \"unix\" { address = \"" + socket +
                                               "\" tls_disable = true }\n");
    program first({"-config=" + file});
    REQUIRE(first.output.read_line() == "listening at unix://" + socket + "\n");
    wire_client waiting("unix://" + socket);
    waiting.send("GET /v1/secret/a HTTP/1.1\r\nHost: x\r\n\r\n");
    upstream.take_byte();
    first.send(SIGTERM);
    for (std::string line = first.errors.read_line(); line.find("draining") == line.npos;)
        line = first.errors.read_line();
    CHECK_FALSE(std::filesystem::exists(socket));
    program second({"-config=" + file});
    REQUIRE(second.output.read_line() == "listening at unix://" + socket + "\n");
    first.send(SIGTERM);
    CHECK(first.wait() == 128 + SIGTERM);
    wire_client asking("unix://" + socket);
    CHECK(asking.ask("GET /proxy/v1/health HTTP/1.1\r\nHost: x\r\n\r\n").status() == 200);
    CHECK(std::filesystem::exists(place / "pid"));
    second.send(SIGTERM);
    CHECK(second.wait() == 0);
    CHECK_FALSE(std::filesystem::exists(place / "pid"));
    CHECK_FALSE(std::filesystem::exists(socket));
}

TEST_CASE("it may have as many files open as the system allows")
{
    scratch_folder const place;
    auto const file = place.write("a.hcl", "limits { max_connections = 100 }");
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    REQUIRE(before.rlim_max >= 1000);
    rlimit const few{100, before.rlim_max}; // which a child inherits
    ::setrlimit(RLIMIT_NOFILE, &few);
    program started({"-config=" + file, "-listen=127.0.0.1:0"});
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(started.port() != "0");
    started.send(SIGTERM);
    CHECK(started.wait() == 0);
    auto const said = started.errors.read_all();
    CHECK(said.find("listening") != said.npos);
    CHECK(said.find("fewer clients") == said.npos);
}

TEST_CASE("a client that may ends it")
{
    scratch_folder const place;
    auto const file = place.write("a.hcl", "proxy_api { enable_quit = true }");
    program started({"-config=" + file, "-listen=127.0.0.1:0"});
    client asking(started.port());
    asking.send("POST /proxy/v1/quit HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    CHECK(asking.read_all().starts_with("HTTP/1.1 20"));
    CHECK(started.wait() == 0);
}
