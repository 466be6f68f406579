using Mesh.Gateway.Streams;
using Mesh.Testing;
using Mesh.Xds;

namespace Mesh.Gateway.Tests.Streams;

public sealed class DirtyMarksTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void What_is_wanted_no_longer_is_forgotten_before_anybody_looks()
    {
        var marks = new DirtyMarks(_time);
        marks.Add(new ResourceKey(ResourceType.Endpoints, "a"));
        _time.Advance(TimeSpan.FromSeconds(1));
        marks.Add(new ResourceKey(ResourceType.Route, "a"));
        marks.Add(new ResourceKey(ResourceType.Endpoints, "b"));
        marks.Forget(ResourceType.Endpoints, ["a", "unknown"]);

        var (left, waited) = marks.Take();
        Assert.Equal([new ResourceKey(ResourceType.Endpoints, "b"), new ResourceKey(ResourceType.Route, "a")], left.OrderBy(static key => key.Type));
        Assert.Equal(TimeSpan.FromSeconds(1), waited);
    }

    [Fact]
    public void Where_all_is_forgotten_nothing_waits()
    {
        var marks = new DirtyMarks(_time);
        marks.Add(new ResourceKey(ResourceType.Endpoints, "a"));
        marks.Forget(ResourceType.Endpoints, ["a"]);

        Assert.Null(marks.Since(ResourceType.Endpoints));
        Assert.Empty(marks.Take().Marks);
    }
}
