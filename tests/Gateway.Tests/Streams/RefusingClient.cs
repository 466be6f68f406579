using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using Mesh.Xds;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;
using Mesh.Xds.Resources;

namespace Mesh.Gateway.Tests.Streams;

/// <summary>A stream whose client was sent many resources, and refuses the first few of them.</summary>
internal static class RefusingClient
{
    public static AdsStream Of(AdsVariant variant, int held, int refused)
    {
        var stream = new AdsStream(variant, new AdsLimits());
        var names = Enumerable.Range(0, held).Select(static i => $"s{i}").ToArray();
        var nonce = "";
        for (var i = 0; i <= refused; i++)
        {
            // One by one those that it refuses, so that each refusal has one suspect, and then the rest.
            var wanted = i < refused ? names[..(i + 1)] : names;
            if (variant == AdsVariant.Delta)
            {
                stream.Receive(new DeltaDiscoveryRequest { TypeUrl = ResourceTypes.EndpointsUrl, ResourceNamesSubscribe = { i < refused ? names[i..(i + 1)] : names[i..] } });
            }
            else
            {
                stream.Receive(new DiscoveryRequest { TypeUrl = ResourceTypes.EndpointsUrl, ResponseNonce = nonce, ResourceNames = { wanted } });
            }

            var error = i < refused ? new Google.Rpc.Status { Message = "no" } : null;
            while (stream.Next(new Everything()) is { } response)
            {
                nonce = response.Nonce;
                if (variant == AdsVariant.Delta)
                {
                    stream.Receive(new DeltaDiscoveryRequest { TypeUrl = ResourceTypes.EndpointsUrl, ResponseNonce = nonce, ErrorDetail = error });
                }
                else
                {
                    stream.Receive(new DiscoveryRequest { TypeUrl = ResourceTypes.EndpointsUrl, ResponseNonce = nonce, ResourceNames = { wanted }, ErrorDetail = error });
                }
            }
        }

        return stream;
    }

    /// <summary>There is everything that somebody asks for.</summary>
    private sealed class Everything : IResourceSource
    {
        public EncodedResource? Find(ResourceType type, string name) => new(type, name, "1", new StringValue { Value = name });

        public IReadOnlyList<EncodedResource> All(ResourceType type) => [];

        public bool Includes(ResourceType type, string name) => true;
    }
}
