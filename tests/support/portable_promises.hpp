// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/session/portable_session.hpp>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What holds of every text that somebody may take for that of a session.
namespace support {

inline constexpr afterwrite::hmac_key portable_key("a key of the caller's");

inline constexpr std::string_view portable_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A text that is sealed as ours is, whatever the payload says: with the key, or without one.
inline std::string sealed(std::string_view payload, afterwrite::hmac_key const* key)
{
    std::string const prefix = key != nullptr ? "aw1s." : "aw1.";
    std::string const said = prefix + std::string(payload);
    std::string seal;
    if (key != nullptr) {
        for (auto const byte : key->sign(said))
            seal += static_cast<char>(byte);
    } else {
        auto const checksum = afterwrite::crc32(said);
        for (int shift = 24; shift >= 0; shift -= 8)
            seal += static_cast<char>(checksum >> shift & 0xff);
    }
    auto text = afterwrite::base64_encode(std::string(payload) + seal);
    while (text.ends_with('='))
        text.pop_back();
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return prefix + text;
}

/// What stands between prefix and seal of a text that is right, and not signed.
inline std::string unsealed(std::string_view text)
{
    std::string encoded(text.substr(text.find('.') + 1));
    std::replace(encoded.begin(), encoded.end(), '-', '+');
    std::replace(encoded.begin(), encoded.end(), '_', '/');
    encoded.append((4 - encoded.size() % 4) % 4, '=');
    char bytes[afterwrite::max_portable_size];
    return {bytes, afterwrite::base64_decode(encoded, bytes).value() - 4};
}

/// All that is required, in lines that compare: what is sent, and each fence.
inline std::vector<std::string> lines_of(afterwrite::required_states const& required)
{
    auto lines = texts_of(required);
    for (std::uint8_t i = 0; i < required.clusters(); ++i)
        if (required[i].fenced())
            lines.push_back("fence " + std::to_string(static_cast<int>(required[i].form())) + " " +
                            std::string(required[i].cluster().view()));
    if (required.unplaced().has_strays())
        lines.emplace_back("fence of no known cluster");
    if (required.unplaced().is_crowded())
        lines.emplace_back("lasting fence");
    return sorted(lines);
}

/// Whether one of the texts in `after` demands what this one of `before` did, of the same cluster.
inline bool keeps_index(afterwrite::cluster_demand const& before, std::uint8_t which,
                        afterwrite::required_states const& after)
{
    if (before.form() == afterwrite::dialect::vault) {
        auto const demand = after.demand(before.cluster());
        return demand && before.position() <= *demand;
    }
    auto const index = afterwrite::decode_openbao_index(before.text(which));
    bool keeps = false;
    after.for_each([&](std::string_view text) {
        auto const other = afterwrite::decode_openbao_index(text);
        keeps = keeps || text == before.text(which) || (other && *index <= *other);
    });
    return keeps;
}

/// Whether `after` requires all that `before` does, or more.
inline bool keeps(afterwrite::required_states const& before, afterwrite::required_states const& after)
{
    auto const& unplaced = before.unplaced();
    bool keeps = (unplaced.text().empty() || unplaced.text() == after.unplaced().text()) &&
                 (!unplaced.has_strays() || after.unplaced().has_strays()) &&
                 (!unplaced.is_crowded() || after.unplaced().is_crowded());
    for (std::uint8_t i = 0; i < before.clusters(); ++i) {
        for (std::uint8_t j = 0; j < before[i].size(); ++j)
            keeps = keeps && keeps_index(before[i], j, after);
        bool has_fence = !before[i].fenced();
        for (std::uint8_t j = 0; j < after.clusters(); ++j)
            has_fence = has_fence || (after[j].fenced() && after[j].form() == before[i].form() &&
                                      after[j].cluster() == before[i].cluster());
        keeps = keeps && has_fence;
    }
    return keeps;
}

/// What of it is still required when it is imported: fences that last for no time any more end at once.
inline afterwrite::required_states still_required(afterwrite::portable_session const& read,
                                                  afterwrite::time_point now)
{
    auto required = read.required;
    required.advance(now, read.fences_last); // says when they end
    required.advance(now, read.fences_last); // and this is when
    return required;
}

/// What a session that has something already makes of a text.
class portable_trial {
public:
    /// Without a key, the text is read as one that is not signed.
    portable_trial(afterwrite::session const& mine, std::string_view text, afterwrite::hmac_key const* key)
        : key_(key), read_(read(text))
    {
        auto into = mine;
        auto const imported = import(into, text);
        if (!read_) {
            expect(!imported && imported.error() == read_.error(), "reading and importing disagree");
            expect(lines_of(into.required()) == lines_of(mine.required()), "an error changes something");
            expect(into.raised() == mine.raised(), "an error raises");
            return;
        }
        expect(is_plain(text), "a text is read that no session is written as");
        expect(read_->is_authenticated == (key != nullptr), "authenticated without a key");
        expect(imported.has_value(), "reading and importing disagree");
        expect(keeps(mine.required(), into.required()), "an import lowers what was required");
        expect(keeps(still_required(*read_, now), into.required()) || into.required().fenced(),
               "what is imported is lost");
        bool const is_raised = imported && imported->raised_demand();
        expect(into.raised() == (is_raised ? now : mine.raised()), "an import is not when it was");
        auto twice = into;
        expect(import(twice, text).has_value() && lines_of(twice.required()) == lines_of(into.required()),
               "importing twice requires more than once");
        export_again(text);
    }

    /// The first promise that was broken; empty if none was.
    [[nodiscard]] std::string_view broken() const { return broken_; }

    /// What became of the text.
    [[nodiscard]] afterwrite::result<afterwrite::portable_session, afterwrite::portable_error> const&
    outcome() const
    {
        return read_;
    }

private:
    using text_or_error = afterwrite::result<std::string, afterwrite::portable_error>;
    static constexpr auto now = at(9s);

    [[nodiscard]] afterwrite::result<afterwrite::portable_session, afterwrite::portable_error>
    read(std::string_view text) const
    {
        return key_ != nullptr ? afterwrite::read_session(text, *key_) : afterwrite::read_session(text);
    }

    afterwrite::result<afterwrite::recorded, afterwrite::portable_error> import(afterwrite::session& into,
                                                                                std::string_view text) const
    {
        return key_ != nullptr ? afterwrite::import_session(into, text, now, *key_)
                               : afterwrite::import_session(into, text, now);
    }

    [[nodiscard]] text_or_error exported(afterwrite::session const& from) const
    {
        return key_ != nullptr ? afterwrite::export_session(from, *key_) : afterwrite::export_session(from);
    }

    [[nodiscard]] static bool is_plain(std::string_view text)
    {
        auto const dot = std::min(text.find('.'), text.size());
        return text.size() <= afterwrite::max_portable_size &&
               text.substr(0, dot).find_first_not_of(portable_letters) == text.npos &&
               text.substr(std::min(dot + 1, text.size())).find_first_not_of(portable_letters) == text.npos;
    }

    /// What was accepted travels on whole, as often as it may.
    void export_again(std::string_view text)
    {
        afterwrite::session alone;
        expect(import(alone, text).has_value(), "an import depends on what was there");
        expect(lines_of(alone.required()) == lines_of(still_required(*read_, now)),
               "an import is not what was read");
        auto const first = exported(alone);
        expect(first.has_value(), "what was accepted cannot be written");
        if (!first)
            return;
        afterwrite::session next;
        expect(is_plain(*first), "a text is written that nobody can carry");
        expect(import(next, *first).has_value(), "what was written is refused");
        expect(lines_of(next.required()) == lines_of(alone.required()), "something is lost on the way");
        auto const second = exported(next);
        expect(second && second->size() == first->size(), "a session grows by travelling");
    }

    void expect(bool holds, std::string_view promise)
    {
        if (!holds && broken_.empty())
            broken_ = promise;
    }

    afterwrite::hmac_key const* key_;
    std::string_view broken_{};
    afterwrite::result<afterwrite::portable_session, afterwrite::portable_error> read_;
};

/// Sessions of each kind, to import into.
inline std::vector<afterwrite::session> portable_hosts()
{
    std::vector<std::string> crowd;
    for (char cluster = 'a'; cluster < 'a' + afterwrite::required_states::max_clusters; ++cluster)
        crowd.push_back(vault(std::string(1, cluster), 3, 3));
    std::vector<std::vector<std::string>> const recorded = {
        {},
        {vault("c", 5, 3), vault("c", 3, 5), vault("d", 1, 1)},
        {openbao("c", "5"), openbao("d", "0/5")},
        {openbao("c", "abc"), openbao("c", "def")},
        {openbao("c", "abc"), openbao("c", "def"), openbao("c", "xyz")},
        {"a-future-form"},
        {openbao_past_bound("c"), vault("c", 5, 3)},
        crowd,
    };
    std::vector<afterwrite::session> hosts;
    for (auto const& indices : recorded)
        hosts.emplace_back().merge(states(indices), at(0s));
    return hosts;
}

} // namespace support
