using Google.Protobuf;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;

namespace Mesh.Xds.Tests.Ads;

/// <summary>What becomes of a refused resource, and of all that came along with it, in both protocols.</summary>
public sealed class RefusalTests
{
    private const ResourceType Cds = ResourceType.Cluster;

    private readonly TableSource _source = new();
    private readonly HashSet<(string Name, string Version)> _bad = [];

    public static TheoryData<AdsVariant, ResourceType> Protocols => new()
    {
        { AdsVariant.StateOfTheWorld, ResourceType.Cluster },
        { AdsVariant.StateOfTheWorld, ResourceType.Endpoints },
        { AdsVariant.Delta, ResourceType.Cluster },
        { AdsVariant.Delta, ResourceType.Endpoints },
    };

    [Theory]
    [MemberData(nameof(Protocols))]
    public void A_refused_resource_stays_at_its_last_accepted_version_and_others_move_on(AdsVariant variant, ResourceType type)
    {
        var talk = Talk(variant, type, quotes: false, "a", "b", "c");
        _bad.Add(("b", Set(talk, type, "b").Version));
        var good = Set(talk, type, "c").Version;
        talk.Settle();

        Assert.Equal(["a1", "b2", $"c{good}"], talk.Has(type));
        var refused = Assert.Single(talk.Stream.Refused());
        Assert.Equal((type, "b", "4"), (refused.Type, refused.Name, refused.Version));
        Assert.Equal(1, talk.Stream.Status().Single().Refused);
        Assert.Equal(("4", "2", "something is no good"), talk.Stream.Sent().Where(s => s.Name == "b").Select(s => (s.Sent, s.Accepted, s.Refused)).Single());
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public void A_refused_version_is_not_sent_again_and_the_next_one_is(AdsVariant variant, ResourceType type)
    {
        var talk = Talk(variant, type, quotes: true, "a", "b");
        _bad.Add(("b", Set(talk, type, "b").Version));
        talk.Settle();
        Assert.Equal("b", Assert.Single(talk.Receipts.SelectMany(r => r.Refused)).Name);

        var before = talk.Responses;
        talk.Stream.Mark(type, "b");
        talk.Settle();
        Assert.Equal(before, talk.Responses);

        Set(talk, type, "b");
        talk.Settle();
        Assert.Equal(["a1", "b4"], talk.Has(type));
        Assert.Empty(talk.Stream.Refused());
        var restored = Assert.Single(talk.Receipts.SelectMany(r => r.Restored));
        Assert.Equal(("b", "3"), (restored.Name, restored.Version));
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public void A_few_bad_ones_among_many_are_found_by_halves(AdsVariant variant, ResourceType type)
    {
        var (talk, responses) = TwoBadAmongMany(variant, type, quotes: false);
        Assert.Equal(62, talk.Has(type).Count(has => int.Parse(has[3..], null) > 64));
        // 2 b log n and the one that started it.
        Assert.InRange(responses, 2, (2 * 2 * 6) + 1);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public void A_client_that_names_the_bad_ones_is_asked_only_once_more(AdsVariant variant, ResourceType type)
    {
        var (_, responses) = TwoBadAmongMany(variant, type, quotes: true);
        Assert.Equal(2, responses);
    }

    /// <summary>All of 64 change, two of them for the worse; the client ends up refusing just those.</summary>
    private (Conversation Talk, int Responses) TwoBadAmongMany(AdsVariant variant, ResourceType type, bool quotes)
    {
        var names = Enumerable.Range(0, 64).Select(i => $"n{i:00}").ToArray();
        var talk = Talk(variant, type, quotes, names);
        var before = talk.Responses;
        foreach (var name in names)
        {
            var version = Set(talk, type, name).Version;
            if (name is "n07" or "n40")
            {
                _bad.Add((name, version));
            }
        }

        talk.Settle();

        Assert.Equal(["n07", "n40"], talk.Stream.Refused().Select(r => r.Name).Order());
        return (talk, talk.Responses - before);
    }

    [Fact]
    public void What_was_never_accepted_is_left_out_of_the_whole()
    {
        var talk = Talk(AdsVariant.StateOfTheWorld, Cds, quotes: true, "a");
        _bad.Add(("b", Set(talk, Cds, "b").Version));
        talk.Ask(talk.Client.Subscribe(Cds, "b"));
        Set(talk, Cds, "a");
        talk.Settle();

        Assert.Equal(["a3"], talk.Has(Cds));
        Assert.Equal(["a"], talk.Last!.Resources.Select(r => r.Name));
    }

    [Theory]
    [InlineData("cluster default/echo: no", "default/echo", true)]
    [InlineData("default/echo", "default/echo", true)]
    [InlineData("bad: default/echo.", "default/echo", true)]
    [InlineData("'default/echo', 'default/x'", "default/echo", true)]
    [InlineData("default/echo-canary: no", "default/echo", false)]
    [InlineData("my-default/echo: no", "default/echo", false)]
    [InlineData("echo.example:80: no", "echo", false)]
    [InlineData("echo.example:80: no", "echo.example", false)]
    [InlineData("echo.example:80: no", "echo.example:80", true)]
    [InlineData("default/echo2 and default/echo", "default/echo", true)]
    [InlineData("no", "default/echo", false)]
    public void A_name_is_quoted_where_it_stands_by_itself(string complaint, string name, bool quoted)
    {
        var stream = new AdsStream(AdsVariant.Delta, new AdsLimits());
        _source.Set(Cds, name);
        _source.Set(Cds, "zz-other");
        stream.Receive(new Envoy.Service.Discovery.V3.DeltaDiscoveryRequest { TypeUrl = Cds.Url(), ResourceNamesSubscribe = { name, "zz-other" } });
        var receipt = stream.Receive(new Envoy.Service.Discovery.V3.DeltaDiscoveryRequest
        {
            TypeUrl = Cds.Url(),
            ResponseNonce = stream.Next(_source)!.Nonce,
            ErrorDetail = new Google.Rpc.Status { Message = complaint },
        });

        Assert.Equal(quoted ? [name] : [], receipt.Refused.Select(r => r.Name));
    }

    private EncodedResource Set(Conversation talk, ResourceType type, string name)
    {
        var resource = _source.Set(type, name);
        talk.Stream.Mark(type, name);
        return resource;
    }

    private Conversation Talk(AdsVariant variant, ResourceType type, bool quotes, params string[] names)
    {
        Array.ForEach(names, name => _source.Set(type, name));
        var talk = new Conversation(_source, variant, new ModelClient(variant, (name, version) => !_bad.Contains((name, version))) { Quotes = quotes });
        talk.Ask(talk.Client.Subscribe(type, names));
        talk.Settle();
        return talk;
    }

    private sealed class Conversation(TableSource source, AdsVariant variant, ModelClient client)
    {
        public AdsStream Stream { get; } = new(variant, new AdsLimits());

        public ModelClient Client => client;

        public int Responses { get; private set; }

        public EncodedResponse? Last { get; private set; }

        public List<AdsReceipt> Receipts { get; } = [];

        public void Ask(IMessage request) => Receipts.Add(ModelClient.Give(Stream, request));

        public void Settle()
        {
            while (Stream.Next(source) is { } response)
            {
                Responses++;
                Last = response;
                Ask(client.Take(response));
            }
        }

        public IEnumerable<string> Has(ResourceType type) => client[type].Has.Select(has => has.Key + has.Value);
    }
}
