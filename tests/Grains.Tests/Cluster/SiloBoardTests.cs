using Mesh.Contracts;
using Mesh.Core;
using Mesh.Grains.Cluster;
using Xunit;

namespace Mesh.Grains.Tests.Cluster;

public sealed class SiloBoardTests
{
    private static readonly ServiceId Cart = new("shop", "cart");

    private readonly SiloBoard _board = new();

    [Fact]
    public void What_is_published_is_read_once()
    {
        var seat = _board.Publish(Cart, 0, new(3, 1));
        var all = _board.Read(new());
        _board.Publish(Cart, seat, new(3, 2));
        var news = _board.Read(new() { Since = all.Next });

        Assert.True(all.Anew);
        Assert.Equal([new(Cart, new(3, 1), true)], all.Services);
        Assert.False(news.Anew);
        Assert.Equal([new(Cart, new(3, 2), true)], news.Services);
        Assert.Empty(_board.Read(new() { Since = news.Next }).Services);
    }

    [Fact]
    public void A_later_activation_takes_the_place_and_the_former_one_neither_changes_nor_leaves_it()
    {
        var former = _board.Publish(Cart, 0, new(3, 1));
        var later = _board.Publish(Cart, 0, new(4, 1));
        Assert.NotEqual(former, later);
        _board.Publish(Cart, former, new(3, 9));
        _board.Leave(Cart, former);

        Assert.Equal([new(Cart, new(4, 1), true)], _board.Read(new()).Services);
    }

    [Fact]
    public void Who_has_left_is_told_as_gone_and_cannot_come_back_under_its_seat()
    {
        var seat = _board.Publish(Cart, 0, new(3, 1));
        var all = _board.Read(new());
        _board.Leave(Cart, seat);
        _board.Publish(Cart, seat, new(3, 2));
        _board.Publish(Cart, SiloBoard.Left, new(3, 3));

        Assert.Equal([new(Cart, new(3, 1), false)], _board.Read(new() { Since = all.Next }).Services);
        Assert.Empty(_board.Read(new()).Services);
    }

    [Fact]
    public void An_older_version_is_no_news()
    {
        var seat = _board.Publish(Cart, 0, new(3, 5));
        var all = _board.Read(new());
        _board.Publish(Cart, seat, new(3, 4));
        _board.Publish(Cart, seat, new(3, 5));

        Assert.Empty(_board.Read(new() { Since = all.Next }).Services);
    }

    [Fact]
    public void Shards_are_told_beside_services_and_each_activation_can_be_told_from_the_last()
    {
        _board.Publish(Cart, 0, new(1, 1));
        var seat = _board.Publish(7, 0, 12);
        var first = Assert.Single(_board.Read(new()).Shards);
        _board.Leave(7, seat);
        _board.Publish(7, 0, 12);
        var second = Assert.Single(_board.Read(new()).Shards);

        Assert.Equal((7, 12L, true), (first.Shard, first.Version, first.Here));
        Assert.Equal((7, 12L, true), (second.Shard, second.Version, second.Here));
        Assert.NotEqual(first.Activation, second.Activation);
        Assert.Single(_board.Read(new()).Services);
    }

    [Fact]
    public void A_mark_of_another_silos_board_reads_everything()
    {
        _board.Publish(Cart, 0, new(1, 1));
        var elsewhere = new SiloBoard();
        elsewhere.Publish(Cart, 0, new(1, 1));

        var news = _board.Read(new() { Since = elsewhere.Read(new()).Next });

        Assert.True(news.Anew);
        Assert.Single(news.Services);
    }
}
