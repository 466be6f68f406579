using Envoy.Service.Discovery.V3;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;
using Microsoft.FSharp.Core;

namespace Mesh.Xds.Tests.Ads;

/// <summary>
/// The stream against a client too simple to be wrong: it keeps what it is sent and drops what it no longer wants. Whatever happens in between, once everything
/// is delivered and answered, the client has what the server has; and it is never sent what it already has.
/// </summary>
public sealed class ConvergenceTests
{
    private static readonly string[] Names = ["a", "b", "c", "d"];

    [Fact]
    public void After_any_sequence_of_events_the_client_has_what_the_server_has()
    {
        var config = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(2000).WithEndSize(200)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(7), FSharpOption<int>.None)));
        Check.One(config, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Run));
    }

    private static void Run(byte[] events)
    {
        var world = new World();
        foreach (var happens in events)
        {
            world.Happen(happens);
        }

        world.Drain();
        foreach (var type in ResourceTypes.InOrder)
        {
            Assert.Equal(world.Expected(type), world.Seen(type));
        }
    }

    private sealed class World
    {
        private readonly TableSource _source = new();
        private readonly AdsStream _stream = new(AdsVariant.StateOfTheWorld, new AdsLimits { ResponseBytes = 100 });
        private readonly Client[] _clients = [.. ResourceTypes.InOrder.Select(type => new Client(type))];

        public void Happen(byte happens)
        {
            var client = _clients[happens & 3];
            var name = Names[(happens >> 2) & 3];
            switch (happens >> 4)
            {
                case < 3:
                    _source.Set(client.Type, name);
                    _stream.Mark(client.Type, name);
                    break;
                case 3:
                    // A false alarm.
                    _stream.Mark(client.Type, name);
                    break;
                case < 6:
                    _source.Remove(client.Type, name);
                    _stream.Mark(client.Type, name);
                    break;
                case < 8:
                    if (client.Everything)
                    {
                        Deliver(client);
                    }

                    client.Add(name);
                    Ask(client);
                    break;
                case < 9:
                    // A client that gives a resource up and asks for it again, while answers are under way, is owed nothing by the protocol.
                    Deliver(client);
                    client.Drop(name);
                    Ask(client);
                    break;
                case < 13:
                    if (_stream.Next(_source) is { } response)
                    {
                        _clients[(int)response.Type].Arriving.Enqueue(response);
                    }

                    break;
                default:
                    DeliverOne(client);
                    break;
            }
        }

        public void Drain()
        {
            bool more;
            do
            {
                more = false;
                while (_stream.Next(_source) is { } response)
                {
                    _clients[(int)response.Type].Arriving.Enqueue(response);
                    more = true;
                }

                foreach (var client in _clients)
                {
                    more |= client.Arriving.Count > 0;
                    Deliver(client);
                }
            }
            while (more);
        }

        public IEnumerable<(string, string)> Expected(ResourceType type)
        {
            var client = _clients[(int)type];
            var names = client.Everything ? Names : client.Wants.AsEnumerable();
            return names.Select(name => _source.Find(type, name)).OfType<EncodedResource>().Select(r => (r.Name, r.Version)).Order();
        }

        /// <summary>What the client has, without endpoints and routes that are gone: nobody can tell it that they are.</summary>
        public IEnumerable<(string, string)> Seen(ResourceType type) => _clients[(int)type].Has
            .Where(has => type is ResourceType.Cluster or ResourceType.Listener || _source.Find(type, has.Key) is not null)
            .Select(has => (has.Key, has.Value)).Order();

        private void Ask(Client client)
        {
            client.Started = true;
            _stream.Receive(client.Request());
        }

        private void Deliver(Client client)
        {
            while (client.Arriving.Count > 0)
            {
                DeliverOne(client);
            }
        }

        private void DeliverOne(Client client)
        {
            if (client.Arriving.TryDequeue(out var response))
            {
                client.Take(response);
                _stream.Receive(client.Request());
            }
        }
    }

    private sealed class Client(ResourceType type)
    {
        private string _nonce = "";
        private bool _answered;

        public ResourceType Type => type;

        public SortedSet<string> Wants { get; } = [];

        public SortedDictionary<string, string> Has { get; } = [];

        public Queue<EncodedResponse> Arriving { get; } = new();

        public bool Started { get; set; }

        public bool EverNamed { get; private set; }

        public bool Everything => Started && !EverNamed && type is (ResourceType.Cluster or ResourceType.Listener);

        public DiscoveryRequest Request() => new() { TypeUrl = type.Url(), ResponseNonce = _nonce, ResourceNames = { Wants } };

        public void Add(string name)
        {
            Wants.Add(name);
            if (!EverNamed)
            {
                // From now on it has to name all that it wants.
                EverNamed = true;
                foreach (var other in Has.Keys.Except(Wants).ToList())
                {
                    Has.Remove(other);
                }
            }
        }

        public void Drop(string name)
        {
            Wants.Remove(name);
            if (EverNamed)
            {
                Has.Remove(name);
            }
        }

        public void Take(EncodedResponse response)
        {
            Assert.True(Started, "Nobody asked for this.");
            _nonce = response.Nonce;
            var before = Has.ToList();
            var whole = type is ResourceType.Cluster or ResourceType.Listener;
            if (whole)
            {
                Has.Clear();
            }

            foreach (var resource in response.Resources.Where(resource => Everything || Wants.Contains(resource.Name)))
            {
                Has[resource.Name] = resource.Version;
            }

            Assert.True(!whole || !_answered || !before.SequenceEqual(Has) || EverNamed, "It was sent what it had.");
            Assert.True(whole || response.Resources.All(r => !before.Contains(new(r.Name, r.Version))), "It was sent what it had.");
            _answered = true;
        }
    }
}
