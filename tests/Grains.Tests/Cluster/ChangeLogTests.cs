using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Grains.Cluster;
using Xunit;

namespace Mesh.Grains.Tests.Cluster;

public sealed class ChangeLogTests
{
    [Fact]
    public void A_new_reader_gets_everything_that_is_here_in_pages_oldest_change_first()
    {
        var log = new ChangeLog<string, int>(gone: 10);
        log.Put("a", 1);
        log.Put("b", 1);
        log.Put("c", 1);
        log.Remove("b");
        log.Put("a", 2);

        var first = log.Read(null, 1);
        var second = log.Read(first.Next, 1);

        Assert.True(first.Anew);
        Assert.True(first.More);
        Assert.Equal([new(3, "c", 1, true)], first.Changes);
        Assert.False(second.Anew);
        Assert.Equal([new(5, "a", 2, true)], second.Changes);
        Assert.False(log.Read(second.Next, 1).More);
    }

    [Fact]
    public void Who_has_read_everything_gets_only_what_changed_since_and_of_each_only_the_newest()
    {
        var log = new ChangeLog<string, int>(gone: 10);
        log.Put("a", 1);
        log.Put("b", 1);
        var read = log.Read(null, 100);
        log.Put("b", 2);
        log.Put("b", 3);
        log.Put("c", 1);
        log.Remove("c");
        log.Remove("never here");

        var news = log.Read(read.Next, 100);

        Assert.False(news.Anew);
        Assert.False(news.More);
        Assert.Equal([new(4, "b", 3, true), new(6, "c", 1, false)], news.Changes);
        Assert.Empty(log.Read(news.Next, 100).Changes);
    }

    [Fact]
    public void It_is_as_long_as_there_are_keys_however_often_they_change()
    {
        var log = new ChangeLog<int, int>(gone: 10);
        for (var change = 0; change < 100_000; change++)
        {
            log.Put(change % 50, change);
            if (change % 3 == 0)
            {
                log.Remove(100 + change % 1000);
                log.Put(100 + (change + 1) % 1000, change);
                log.Remove(100 + (change + 1) % 1000);
            }
        }

        Assert.InRange(log.Count, 50, 50 + 2 * 50);
        Assert.InRange(log.Length, log.Count, 2 * log.Count + 64);
    }

    [Fact]
    public void A_reader_that_was_away_while_much_went_reads_everything_anew()
    {
        var log = new ChangeLog<int, int>(gone: 2);
        log.Put(-1, 0);
        log.Put(0, 0);
        var read = log.Read(null, 100);
        for (var key = 0; key < 20; key++)
        {
            log.Put(key, 1);
            log.Remove(key);
        }

        var news = log.Read(read.Next, 100);

        Assert.True(news.Anew);
        Assert.Equal([new(1, -1, 0, true)], news.Changes);
    }

    [Fact]
    public void A_reader_of_another_log_or_from_the_future_begins_anew()
    {
        var log = new ChangeLog<string, int>(gone: 10);
        log.Put("a", 1);
        Assert.True(log.Read(new ReadMark(5, 7), 10).Anew);
    }

    /// <summary>Whatever happens between the pages, a reader that keeps at it ends with what is there.</summary>
    [Fact]
    public void A_reader_ends_equal_however_changes_and_pages_interleave()
    {
        var step = Gen.Frequency(
            (6, Gen.Choose(0, 11).Select(key => new Step(key, Do.Put))),
            (4, Gen.Choose(0, 11).Select(key => new Step(key, Do.Remove))),
            (3, Gen.Choose(1, 4).Select(limit => new Step(limit, Do.Read))));
        var runs = from steps in step.ListOf() from gone in Gen.Choose(0, 3) select (steps, gone);
        Prop.ForAll(runs.ToArbitrary(), run =>
        {
            var log = new ChangeLog<int, int>(run.gone);
            var truth = new Dictionary<int, int>();
            var reader = new Reader();
            var value = 0;
            foreach (var (number, what) in run.steps)
            {
                switch (what)
                {
                    case Do.Put:
                        log.Put(number, ++value);
                        truth[number] = value;
                        break;
                    case Do.Remove:
                        log.Remove(number);
                        truth.Remove(number);
                        break;
                    default:
                        reader.Take(log, number);
                        break;
                }
            }

            var pages = 0;
            while (reader.Take(log, 3))
            {
                Assert.True(++pages < 100, "The pages never end.");
            }

            Assert.Equal(truth.OrderBy(one => one.Key), reader.Held.OrderBy(one => one.Key));
            Assert.True(log.Length <= 2 * log.Count + 64);
        }).QuickCheckThrowOnFailure();
    }

    private enum Do
    {
        Put,
        Remove,
        Read,
    }

    private sealed record Step(int Number, Do What);

    /// <summary>Does with pages what a gateway does.</summary>
    private sealed class Reader
    {
        private readonly HashSet<int> _unconfirmed = [];
        private ReadMark? _mark;

        public Dictionary<int, int> Held { get; } = [];

        public bool Take(ChangeLog<int, int> log, int limit)
        {
            var page = log.Read(_mark, limit);
            if (page.Anew)
            {
                _unconfirmed.Clear();
                _unconfirmed.UnionWith(Held.Keys);
            }

            foreach (var change in page.Changes)
            {
                _unconfirmed.Remove(change.Key);
                if (change.Here)
                {
                    Held[change.Key] = change.Value;
                }
                else
                {
                    Held.Remove(change.Key);
                }
            }

            if (!page.More)
            {
                foreach (var key in _unconfirmed)
                {
                    Held.Remove(key);
                }

                _unconfirmed.Clear();
            }

            _mark = page.Next;
            return page.More;
        }
    }
}
