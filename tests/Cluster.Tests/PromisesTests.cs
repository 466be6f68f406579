using Mesh.Api;
using Mesh.Local.Stories.Rules;
using Mesh.Local.Stories.Stage;

namespace Mesh.Cluster.Tests;

/// <summary>The judge of the stories finds what it is there to find.</summary>
public class PromisesTests
{
    [Fact]
    public void What_is_as_promised_is_fine() => Assert.Empty(Broken());

    [Fact]
    public void A_lost_registration_is_found() => Assert.Contains("registered, and is not there", Assert.Single(Broken(endpoints: [Endpoint("b", "Ejected")])), StringComparison.Ordinal);

    [Fact]
    public void A_lost_removal_is_found() =>
        Assert.Contains("removed, and is there", Assert.Single(Broken(endpoints: [Endpoint("a"), Endpoint("b", "Ejected"), Endpoint("c")])), StringComparison.Ordinal);

    [Fact]
    public void A_lost_ejection_is_found() => Assert.Contains("was ejected, and is Healthy", Assert.Single(Broken(endpoints: [Endpoint("a"), Endpoint("b")])), StringComparison.Ordinal);

    [Fact]
    public void An_older_weight_is_found() =>
        Assert.Contains("weight 7, and has 6", Assert.Single(Broken(endpoints: [Endpoint("a") with { Weight = 6 }, Endpoint("b", "Ejected")])), StringComparison.Ordinal);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_document_lost_or_put_twice_is_found(long version) => Assert.Contains("distinct documents", Assert.Single(Broken(document: version)), StringComparison.Ordinal);

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void A_decision_lost_or_made_twice_is_found(int decisions) => Assert.Contains("decisions by hand", Assert.Single(Broken(decisions: decisions)), StringComparison.Ordinal);

    private static IEnumerable<string> Broken(EndpointDetail[]? endpoints = null, long document = 2, int decisions = 3)
    {
        var promised = new Promised("s") { Documents = 2, Decisions = 3, Endpoints = { ["a"] = (7, false), ["b"] = (7, true) } };
        return Promises.Broken(promised, new Found(endpoints ?? [Endpoint("a"), Endpoint("b", "Ejected")], document, decisions));
    }

    private static EndpointDetail Endpoint(string id, string status = "Healthy") =>
        new() { Namespace = "default", Service = "s", Id = id, Address = "127.0.0.1", Port = 9, Status = status, Weight = 7 };
}
