using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf.WellKnownTypes;
using Mesh.Core;
using Mesh.Xds.Translation;
using Microsoft.FSharp.Core;
using Node = Envoy.Config.Core.V3.Node;

namespace Mesh.Xds.Tests.Translation;

public sealed class ReachTests
{
    private static readonly ImmutableSortedDictionary<ServiceId, string> Mesh =
        ImmutableSortedDictionary.CreateRange(new[] { "a/one", "a/two", "b/one", "b/two", "c/one" }.Select(id => KeyValuePair.Create(ServiceId.Parse(id), id)));

    [Theory]
    [InlineData("*/*", "a/one a/two b/one b/two c/one")]
    [InlineData("a/one", "a/one")]
    [InlineData("b/one,a/two,d/none", "a/two b/one")]
    [InlineData("a/*", "a/one a/two")]
    [InlineData("./*", "b/one b/two")]
    [InlineData("./two,a/one", "a/one b/two")]
    [InlineData("~/*", "")]
    [InlineData("~/*,c/*", "c/one")]
    [InlineData("", "")]
    public void A_wildcard_means_what_is_within_reach(string entries, string expected)
    {
        var reach = Reach.Of(entries.Split(',', StringSplitOptions.RemoveEmptyEntries), "b", out var wrong);

        Assert.Empty(wrong);
        Assert.Equal(expected, string.Join(' ', reach.Of(Mesh)));
        Assert.Equal(expected, string.Join(' ', Mesh.Keys.Where(reach.Includes)));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/one")]
    [InlineData("a/")]
    [InlineData("*/one")]
    [InlineData("*")]
    [InlineData("a*/one")]
    [InlineData("a/o*")]
    [InlineData("A/one")]
    [InlineData("a/b/c")]
    [InlineData("~/one")]
    [InlineData("a.b/one")]
    public void What_is_no_entry_adds_nothing_and_is_named(string entry)
    {
        Assert.Equal("b/one", Reach.Of([entry, "b/one"], "b", out var wrong).ToString());
        Assert.Equal([entry], wrong);
    }

    [Fact]
    public void The_own_namespace_has_to_be_known()
    {
        Assert.Equal(Reach.Nothing, Reach.Of(["./*"], null, out var wrong));
        Assert.Equal(["./*"], wrong);
    }

    [Fact]
    public void Two_that_mean_the_same_are_equal_however_they_were_written()
    {
        Assert.Equal(Of("a/*", "b/one"), Of("b/one", "a/two", "./*"));
        Assert.Equal(Of("a/*", "b/one").GetHashCode(), Of("b/one", "a/two", "./*").GetHashCode());
        Assert.Equal("a/*,b/one", Of("b/one", "a/*").ToString());
        Assert.Same(Reach.Everything, Of("a/one", "*/*"));
        Assert.Same(Reach.Nothing, Of());
        Assert.NotEqual(Of("a/one"), Of("a/two"));
        Assert.False(Of("a/one").Equals(null));
        Assert.False(Of("a/one").Equals((object)"a/one"));

        static Reach Of(params string[] entries) => Reach.Of(entries, "a", out _);
    }

    [Fact]
    public void Whatever_is_written_it_says_of_each_service_the_same_alone_and_in_the_list()
    {
        string[] words = ["*/*", "a/*", "b/*", "./*", "a/one", "b/two", "c/one", "~/*", "nonsense"];
        var config = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(500).WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(3), FSharpOption<int>.None)));
        Check.One(config, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), picks =>
        {
            var entries = picks.Select(pick => words[pick % words.Length]).ToList();
            var reach = Reach.Of(entries, "c", out var wrong);
            Assert.Equal(Mesh.Where(pair => Stupid(entries, pair.Key)).Select(pair => pair.Value), reach.Of(Mesh));
            Assert.Equal(Mesh.Keys.Where(id => Stupid(entries, id)), Mesh.Keys.Where(reach.Includes));
            Assert.Equal(entries.Count(entry => entry == "nonsense"), wrong.Length);
            // Its own text means the same.
            Assert.Equal(reach, Reach.Of(reach.ToString().Split(',', StringSplitOptions.RemoveEmptyEntries), null, out _));
        }));

        static bool Stupid(List<string> entries, ServiceId id) => entries.Exists(
            entry => entry == "*/*" || entry == $"{id.Namespace}/*" || entry == id.ToString() || (entry == "./*" && id.Namespace == "c"));
    }

    [Fact]
    public void A_node_says_what_it_reaches_as_a_list_or_as_one_text()
    {
        Assert.Equal("b/*,a/one", Claims(("MESH_REACHES", List("b/*", "a/one"))).Reach.ToString());
        Assert.Equal("b/*,a/one", Claims(("MESH_REACHES", Value.ForString("b/*, a/one,"))).Reach.ToString());
        Assert.Equal("shop/*", Claims(("MESH_REACHES", List("./*")), ("NAMESPACE", Value.ForString("shop"))).Reach.ToString());
        Assert.Same(Reach.Everything, NodeClaims.Of(null).Reach);
        Assert.Same(Reach.Everything, Claims().Reach);
        Assert.Same(Reach.Nothing, Claims(("MESH_REACHES", List())).Reach);
    }

    [Fact]
    public void The_own_namespace_may_also_come_from_istios_node_id()
    {
        Assert.Equal("shop/*", OfId("sidecar~10.0.0.1~cart-7d9.shop~shop.svc.cluster.local").Reach.ToString());
        Assert.Same(Reach.Nothing, OfId("sidecar~10.0.0.1~cart~").Reach);
        Assert.Same(Reach.Nothing, OfId("sidecar~10.0.0.1~cart.~x").Reach);
        Assert.Same(Reach.Nothing, OfId("cart.shop").Reach);

        static NodeClaims OfId(string id) => NodeClaims.Of(new Node { Id = id, Metadata = new() { Fields = { ["MESH_REACHES"] = List("./*") } } });
    }

    [Fact]
    public void What_is_not_understood_grants_nothing_and_is_said()
    {
        var claims = Claims(("MESH_REACHES", List("shop", "a/one", "./*")));
        Assert.Equal("a/one", claims.Reach.ToString());
        Assert.Equal("node.metadata.MESH_REACHES: 2 of 3 entries are left out: shop, ./*; write namespace/name, namespace/*, */*, or ./* where NAMESPACE is given.",
            Assert.Single(claims.NotUnderstood));

        claims = Claims(("MESH_REACHES", Value.ForNumber(1)), ("MESH_ROLE", Value.ForString(new string('x', 100))));
        Assert.Same(Reach.Nothing, claims.Reach);
        Assert.Equal(ClientRole.Sidecar, claims.Role);
        Assert.Equal(2, claims.NotUnderstood.Length);
        Assert.Contains($"'{new string('x', 64)}...'", claims.NotUnderstood[0], StringComparison.Ordinal);
        Assert.Contains("(NumberValue)", claims.NotUnderstood[1], StringComparison.Ordinal);

        claims = Claims(("MESH_REACHES", List([.. Enumerable.Range(0, 300).Select(i => $"a/s{i:D3}")])));
        Assert.True(claims.Reach.Includes(new("a", "s255")));
        Assert.False(claims.Reach.Includes(new("a", "s256")));
        Assert.Contains("more than 256 entries", Assert.Single(claims.NotUnderstood), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("router~10.0.0.1~gateway-1.edge~edge.svc.cluster.local", null, ClientRole.Ingress)]
    [InlineData("sidecar~10.0.0.1~cart.shop~shop.svc.cluster.local", null, ClientRole.Sidecar)]
    [InlineData("sidecar~10.0.0.1~cart.shop~shop.svc.cluster.local", "ingress", ClientRole.Ingress)]
    [InlineData("router~10.0.0.1~gateway-1.edge~edge.svc.cluster.local", "sidecar", ClientRole.Sidecar)]
    [InlineData("router", null, ClientRole.Sidecar)]
    [InlineData("edge", "ingress", ClientRole.Ingress)]
    public void An_ingress_is_known_by_istios_id_or_by_its_role_and_reaches_nothing_unless_it_says_so(string id, string? role, ClientRole expected)
    {
        var node = new Node { Id = id, Metadata = new() };
        if (role is not null)
        {
            node.Metadata.Fields["MESH_ROLE"] = Value.ForString(role);
        }

        var client = ClientProfile.Of(node);
        Assert.Equal(expected, client.Role);
        Assert.Same(expected == ClientRole.Ingress ? Reach.Nothing : Reach.Everything, client.Reach);
        Assert.Empty(client.NotUnderstood);
    }

    private static NodeClaims Claims(params (string Name, Value Value)[] metadata) =>
        NodeClaims.Of(new Node { Metadata = new() { Fields = { metadata.ToDictionary(m => m.Name, m => m.Value) } } });

    private static Value List(params string[] entries) => Value.ForList([.. entries.Select(Value.ForString)]);
}
