// SPDX-License-Identifier: BSL-1.0
#include "oracle.hpp"

#include "cluster/codec.hpp"

#include <algorithm>

namespace simulation {

namespace {

/// The last entry that a node shows which has the log so far, of those that f(entry) says it of. (What is
/// older than the present epoch may have the numbers of another log.)
template <class F>
auto find_last(std::vector<oracle::entry> const& all, std::uint32_t epoch, std::uint64_t so_far, F&& f)
{
    return std::find_if(all.rbegin(), all.rend(), [&](oracle::entry const& each) {
        return f(each) && (each.where.epoch < epoch || each.where.position <= so_far);
    });
}

} // namespace

sight oracle::look(std::size_t store, key_place const& key, std::uint64_t value, std::uint64_t so_far) const
{
    auto const& [epoch, keys] = stores_[store];
    auto const& all = keys[place_of(key)];
    auto const found = find_last(all, epoch, so_far, [value](entry const& each) {
        return each.removes == (value == 0) && (value == 0 || each.value == value);
    });
    sight seen{.value = value, .epoch = epoch};
    if (found == all.rend() && value != 0) {
        seen.is_real = false;
        return seen;
    }
    if (found != all.rend()) {
        seen.shown = found->where;
        seen.value = found->value;
    }
    if (auto const next = found.base(); next != all.end())
        seen.next = next->where;
    return seen;
}

/// As `look`, where any value is as good as the other.
sight oracle::look_whether(std::size_t store, key_place const& key, bool is_there, std::uint64_t so_far) const
{
    auto const& [epoch, keys] = stores_[store];
    auto const& all = keys[place_of(key)];
    auto const is_as_shown = [is_there](entry const& each) { return each.removes != is_there; };
    auto const found = find_last(all, epoch, so_far, is_as_shown);
    sight seen{.epoch = epoch, .is_real = found != all.rend() || !is_there};
    if (found != all.rend())
        seen.shown = found->where;
    if (auto const next = std::find_if_not(found.base(), all.end(), is_as_shown); next != all.end())
        seen.next = next->where;
    return seen;
}

sight oracle::look_around(std::size_t store, key_place key, std::vector<bool> const& there,
                          std::uint64_t so_far) const
{
    sight seen{.epoch = stores_[store].epoch};
    for (key.number = 0; key.number < there.size(); ++key.number) {
        auto const one = look_whether(store, key, there[key.number], so_far);
        seen.is_real = seen.is_real && one.is_real;
        seen.shown = std::max(seen.shown, one.shown);
        if (one.next && (!seen.next || *one.next < *seen.next))
            seen.next = one.next;
    }
    return seen;
}

sight oracle::look_up(std::size_t store, version const& made, bool is_known) const
{
    auto const& [epoch, keys] = stores_[store];
    auto const& all = keys.back();
    auto const found = std::lower_bound(all.begin(), all.end(), made,
                                        [](entry const& each, version const& at) { return each.where < at; });
    bool const is_there = found != all.end() && found->where == made; // a restore may have taken it away
    sight seen{.epoch = epoch, .is_real = is_there || !is_known};
    if (is_there && is_known) {
        seen.shown = made;
        seen.value = found->value;
    }
    if (is_there && !is_known)
        seen.next = made;
    return seen;
}

index_meaning const& index_book::read(std::string_view text)
{
    if (last_ != nullptr && last_->text == text)
        return *last_;
    auto const found = known_.find(text);
    if (found != known_.end())
        return *(last_ = &found->second);
    auto& [key, meaning] = *known_.emplace(std::string(text), meaning_of(text)).first;
    meaning.text = key;
    meaning.number = all_.size();
    all_.push_back(&meaning);
    return *(last_ = &meaning);
}

index_meaning index_book::meaning_of(std::string_view text)
{
    auto const known = [this](std::string const& cluster) {
        return std::string_view(*clusters_.insert(cluster).first);
    };
    bool const is_object = text.starts_with("ey"); // in base64, a brace and a quote: not one of Vault
    if (auto const vault = cluster::decode_vault_index(is_object ? "" : text, nullptr); vault.index)
        return {true, true, known(vault.index->cluster), vault.index->where, false};
    auto const bao = cluster::decode_openbao_index(text);
    if (!bao.index)
        return {};
    auto const& value = bao.index->value;
    auto const decimal = cluster::parse_decimal(value);
    auto const number = decimal ? decimal : cluster::parse_lsn(value);
    return {true, false, known(bao.index->cluster), {number.value_or(0), 0}, !decimal};
}

} // namespace simulation
