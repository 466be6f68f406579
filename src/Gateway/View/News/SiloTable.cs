using System.Collections.Immutable;
using Mesh.Contracts;

namespace Mesh.Gateway.View.News;

/// <summary>
/// The silos that this gateway asks for news, and when each was last heard of. An answer counts from the moment at which it was asked for: one that lay in a
/// socket while this process was frozen says nothing about now.
/// </summary>
/// <remarks>
/// Times are spans of a monotonic clock, given by the caller. Any thread may call it. Rejected: to be in touch only while all silos answer, which would take
/// every gateway out for each silo that dies; and while any does, which a gateway that is cut off with its own silo would satisfy for ever.
/// </remarks>
internal sealed class SiloTable(TimeSpan start, TimeSpan silentAfter)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Silo> _silos = new(StringComparer.Ordinal);
    private ImmutableArray<SiloMember> _members = [];
    private readonly TimeSpan _start = start;
    private TimeSpan? _membersAsked;

    /// <summary>All that were last said to be members, the dead among them.</summary>
    public ImmutableArray<SiloMember> Members
    {
        get
        {
            lock (_gate)
            {
                return _members;
            }
        }
    }

    /// <summary>Since when at least half of the silos have been heard of: the half that was heard of last. The start, when no member is known.</summary>
    public TimeSpan InTouchAt
    {
        get
        {
            lock (_gate)
            {
                var heard = _silos.Values.Select(silo => silo.Heard).OrderDescending().ToArray();
                return heard.Length == 0 ? _start : heard[(heard.Length + 1) / 2 - 1];
            }
        }
    }

    /// <summary>Takes in who the members are; answers with the silos that hold grains no more.</summary>
    public ImmutableArray<string> Update(ImmutableArray<SiloMember> members, TimeSpan asked)
    {
        lock (_gate)
        {
            // Who answers is a member: a list without any says nothing.
            if (!members.Any(member => member.HoldsGrains))
            {
                return [];
            }

            var living = members.Where(member => member.HoldsGrains).Select(member => member.Address).ToHashSet(StringComparer.Ordinal);
            ImmutableArray<string> gone = [.. _silos.Keys.Where(address => !living.Contains(address))];
            foreach (var address in gone)
            {
                _silos.Remove(address);
            }

            foreach (var address in living)
            {
                _silos.TryAdd(address, new Silo { Heard = asked });
            }

            (_members, _membersAsked) = (members, asked);
            return gone;
        }
    }

    /// <summary>The silos that are to be asked now. Each is asked one question at a time.</summary>
    public ImmutableArray<string> Due(TimeSpan now, TimeSpan period)
    {
        lock (_gate)
        {
            ImmutableArray<string> due = [.. _silos.Where(silo => !silo.Value.UnderWay && (silo.Value.Asked is not { } asked || now - asked >= period))
                .Select(silo => silo.Key)];
            foreach (var address in due)
            {
                (_silos[address].UnderWay, _silos[address].Asked) = (true, now);
            }

            return due;
        }
    }

    /// <summary>How far this gateway has read a silo's news; null for not at all.</summary>
    public SiloNewsMark? Mark(string address)
    {
        lock (_gate)
        {
            return _silos.GetValueOrDefault(address)?.Mark;
        }
    }

    /// <summary>A page was read. False when the silo has gone meanwhile, and what it said is not to be taken in.</summary>
    public bool Read(string address, SiloNewsMark mark)
    {
        lock (_gate)
        {
            if (_silos.TryGetValue(address, out var silo))
            {
                silo.Mark = mark;
            }

            return silo is not null;
        }
    }

    /// <summary>A question has come to its end.</summary>
    /// <param name="address">Which silo was asked.</param>
    /// <param name="asked">When.</param>
    /// <param name="answered">Whether it told all there was to tell.</param>
    /// <returns>Whether it had been silent, and is no more.</returns>
    public bool Asked(string address, TimeSpan asked, bool answered)
    {
        lock (_gate)
        {
            if (!_silos.TryGetValue(address, out var silo))
            {
                return false;
            }

            silo.UnderWay = false;
            if (!answered)
            {
                return false;
            }

            silo.Heard = asked > silo.Heard ? asked : silo.Heard;
            var back = silo.Silent;
            silo.Silent = false;
            return back;
        }
    }

    /// <summary>Whether it is asked.</summary>
    public bool Knows(string address)
    {
        lock (_gate)
        {
            return _silos.ContainsKey(address);
        }
    }

    /// <summary>The next question to a silo is for everything.</summary>
    public void Forget(string address)
    {
        lock (_gate)
        {
            if (_silos.TryGetValue(address, out var silo))
            {
                silo.Mark = null;
            }
        }
    }

    /// <summary>Whether a silo is a member and has not answered for a while.</summary>
    public bool IsSilent(string address)
    {
        lock (_gate)
        {
            return _silos.TryGetValue(address, out var silo) && silo.Silent;
        }
    }

    /// <summary>The members that have not answered for a while.</summary>
    public ImmutableArray<string> Silent(TimeSpan now)
    {
        lock (_gate)
        {
            foreach (var silo in _silos.Values)
            {
                silo.Silent |= now - silo.Heard > silentAfter;
            }

            return [.. _silos.Where(silo => silo.Value.Silent).Select(silo => silo.Key)];
        }
    }

    /// <summary>Whether the members, and all of them that answer at all, were asked at this time or later, and told everything.</summary>
    public bool CaughtUp(TimeSpan since)
    {
        lock (_gate)
        {
            return _membersAsked >= since && _silos.Count > 0 && _silos.Values.All(silo => silo.Silent || silo.Heard >= since);
        }
    }

    private sealed class Silo
    {
        public SiloNewsMark? Mark { get; set; }

        /// <summary>When the last question that was answered was asked; at first, when the silo was found to be a member.</summary>
        public TimeSpan Heard { get; set; }

        /// <summary>When it was last asked; null when it was not yet.</summary>
        public TimeSpan? Asked { get; set; }

        public bool UnderWay { get; set; }

        public bool Silent { get; set; }
    }
}
