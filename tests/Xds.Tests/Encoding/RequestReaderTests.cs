using System.Buffers;
using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;
using Xunit;

namespace Mesh.Xds.Tests.Encoding;

/// <summary>The quick reader against protobuf's own: whatever the bytes, both understand the same or neither anything.</summary>
public class RequestReaderTests
{
    private static readonly string[] Hundred = [.. Enumerable.Range(0, 100).Select(i => $"default/service-{i}")];

    [Fact]
    public void An_acknowledgement_says_the_same_as_when_protobuf_reads_it() => SameAs(Acknowledgement("7"));

    [Fact]
    public void The_first_request_brings_its_node() =>
        Assert.Equal("a", Read(new DiscoveryRequest { Node = new Node { Id = "a" }, TypeUrl = ResourceTypes.ClusterUrl }.ToByteArray()).Node?.Id);

    [Fact]
    public void A_refusal_brings_its_words()
    {
        var request = Acknowledgement("7");
        request.ErrorDetail = new Google.Rpc.Status { Message = "no" };
        Assert.Equal("no", Read(request.ToByteArray()).Complaint);
    }

    [Fact]
    public void Two_requests_with_the_same_names_share_one_list() =>
        Assert.Same(Read(Acknowledgement("7").ToByteArray()).ResourceNames, Read(Acknowledgement("8").ToByteArray()).ResourceNames);

    [Fact]
    public void A_list_that_differs_in_one_letter_is_another()
    {
        var other = Acknowledgement("7");
        other.ResourceNames[50] = "default/service-5o";
        Assert.Equal("default/service-50", Read(Acknowledgement("7").ToByteArray()).ResourceNames[50]);
        Assert.Equal("default/service-5o", Read(other.ToByteArray()).ResourceNames[50]);
    }

    [Fact]
    public void Names_that_are_scattered_over_the_message_are_all_found()
    {
        var before = new DiscoveryRequest { ResourceNames = { "a", "b" } }.ToByteArray();
        var after = new DiscoveryRequest { TypeUrl = ResourceTypes.RouteUrl, ResponseNonce = "1" }.ToByteArray();
        Assert.Equal(["a", "b", "a", "b"], Read([.. before, .. after, .. before]).ResourceNames);
    }

    [Fact]
    public void A_field_of_a_later_version_is_passed_over() =>
        Assert.Equal(Hundred, Read([.. Acknowledgement("7").ToByteArray(), (20 << 3) & 0x7F | 0x80 | 2, 1, 1, 0]).ResourceNames);

    [Fact]
    public void Bytes_that_are_no_text_are_read_as_protobuf_reads_them() => Assert.True(Same([(3 << 3) | 2, 2, 0xC3, 0x28]));

    [Fact]
    public void A_length_that_goes_beyond_the_end_is_refused() =>
        Assert.Throws<InvalidProtocolBufferException>(() => Read([(3 << 3) | 2, 5, 0x41]));

    [Fact]
    public void A_message_that_lies_in_pieces_reads_as_one()
    {
        var bytes = Acknowledgement("7").ToByteArray();
        for (var cut = 1; cut < bytes.Length; cut += 97)
        {
            Assert.Equal(Hundred, RequestReader.Read(Pieces(bytes, cut)).ResourceNames);
        }
    }

    [Fact]
    public void Any_bytes_are_read_as_protobuf_reads_them() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(),
        bytes => Same(bytes)).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_damage_to_a_request_is_read_as_protobuf_reads_it() => Prop.ForAll(
        Gen.Choose(0, 300).Zip(Gen.Choose(0, 255)).ToArbitrary(),
        damage =>
        {
            var request = Acknowledgement("7");
            request.Node = new Node { Id = "a", UserAgentName = "envoy" };
            var bytes = request.ToByteArray();
            bytes[damage.Item1 % bytes.Length] = (byte)damage.Item2;
            return Same(bytes);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_acknowledgement_of_delta_says_its_type_and_its_nonce()
    {
        var read = Delta(new DeltaDiscoveryRequest { TypeUrl = ResourceTypes.RouteUrl, ResponseNonce = "7" });
        Assert.Equal((ResourceTypes.RouteUrl, "7", null), (read.TypeUrl, read.ResponseNonce, read.Complaint));
    }

    [Fact]
    public void Whatever_else_a_request_of_delta_says_is_read_too()
    {
        var read = Delta(new DeltaDiscoveryRequest
        {
            Node = new Node { Id = "a" },
            TypeUrl = ResourceTypes.RouteUrl,
            ResponseNonce = "7",
            ErrorDetail = new Google.Rpc.Status { Message = "no" },
            ResourceNamesSubscribe = { "b" },
            ResourceNamesUnsubscribe = { "c" },
            InitialResourceVersions = { ["d"] = "1" },
        });
        Assert.Equal(("a", "7", "no"), (read.Node?.Id, read.ResponseNonce, read.Complaint));
        Assert.Equal(["b"], read.Subscribe);
        Assert.Equal(["c"], read.Unsubscribe);
        Assert.Equal("1", read.InitialVersions["d"]);
    }

    [Fact]
    public void Any_bytes_are_read_as_delta_as_protobuf_reads_them() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(),
        bytes =>
        {
            var (quick, slow) = (Try(() => RequestReader.ReadDelta(new(bytes))), Try(() => DeltaRequest.Of(DeltaDiscoveryRequest.Parser.ParseFrom(bytes))));
            return (quick?.TypeUrl, quick?.ResponseNonce, quick?.Complaint, quick?.Subscribe.Count) == (slow?.TypeUrl, slow?.ResponseNonce, slow?.Complaint, slow?.Subscribe.Count);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_kept_of_lists_is_bounded()
    {
        var lists = new NameLists(mostBytes: 1000);
        var first = Entries(0);
        var kept = lists.Of(first);
        Assert.Same(kept, lists.Of(first));
        for (var i = 1; i < 20; i++)
        {
            lists.Of(Entries(i));
        }

        Assert.NotSame(kept, lists.Of(first));
        Assert.Equal(kept, lists.Of(first));
    }

    private static byte[] Entries(int number) =>
        new DiscoveryRequest { ResourceNames = { Enumerable.Range(0, 10).Select(i => $"namespace-{number}/service-{i}") } }.ToByteArray();

    private static DiscoveryRequest Acknowledgement(string nonce) =>
        new() { VersionInfo = "1", TypeUrl = ResourceTypes.EndpointsUrl, ResponseNonce = nonce, ResourceNames = { Hundred } };

    private static StateOfTheWorldRequest Read(byte[] bytes) => RequestReader.Read(new ReadOnlySequence<byte>(bytes));

    private static void SameAs(DiscoveryRequest request) => Assert.True(Same(request.ToByteArray()));

    private static bool Same(byte[] bytes)
    {
        var (quick, slow) = (Try(() => Read(bytes)), Try(() => StateOfTheWorldRequest.Of(DiscoveryRequest.Parser.ParseFrom(bytes))));
        return quick is null || slow is null
            ? quick is null && slow is null
            : quick.ResourceNames.SequenceEqual(slow.ResourceNames)
                && (quick.Node, quick.TypeUrl, quick.ResponseNonce, quick.Complaint).Equals((slow.Node, slow.TypeUrl, slow.ResponseNonce, slow.Complaint));
    }

    private static DeltaRequest Delta(DeltaDiscoveryRequest request) => RequestReader.ReadDelta(new(request.ToByteArray()));

    private static T? Try<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static ReadOnlySequence<byte> Pieces(byte[] bytes, int cut)
    {
        var first = new Piece(bytes.AsMemory(0, cut), null);
        var second = new Piece(bytes.AsMemory(cut), first);
        return new ReadOnlySequence<byte>(first, 0, second, bytes.Length - cut);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            RunningIndex = before is null ? 0 : before.RunningIndex + before.Memory.Length;
            before?.Next = this;
        }
    }
}
