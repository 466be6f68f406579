using Envoy.Service.Discovery.V3;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Mesh.Xds.Ads;
using Mesh.Xds.Encoding;
using Microsoft.FSharp.Core;

namespace Mesh.Xds.Tests.Ads;

/// <summary>
/// The stream against a client too simple to be wrong. Whatever happens in between, once everything is delivered and answered, the client has what the server
/// has; what it does not like it has in the last version that it did; and it is never sent what it already has.
/// </summary>
public sealed class ConvergenceTests
{
    private static readonly string[] Names = ["a", "b", "c", "d"];

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public void After_any_sequence_of_events_the_client_has_what_the_server_has(AdsVariant variant) =>
        Holds(events => Run(new World(variant, new ModelClient(variant, static (_, _) => true)), events));

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld, false, false)]
    [InlineData(AdsVariant.StateOfTheWorld, true, false)]
    [InlineData(AdsVariant.StateOfTheWorld, false, true)]
    [InlineData(AdsVariant.Delta, false, false)]
    [InlineData(AdsVariant.Delta, true, false)]
    [InlineData(AdsVariant.Delta, false, true)]
    public void A_client_that_refuses_some_versions_has_everything_else_at_its_newest(AdsVariant variant, bool quotes, bool takesGoodParts) =>
        Holds(events => Run(new World(variant, new ModelClient(variant, Likes) { Quotes = quotes, TakesGoodParts = takesGoodParts }), events));

    [Theory]
    [InlineData(AdsVariant.StateOfTheWorld)]
    [InlineData(AdsVariant.Delta)]
    public void Resources_that_may_run_out_change_nothing_of_that(AdsVariant variant) =>
        Holds(events => Run(new World(variant, new ModelClient(variant, Likes) { Mortal = true }), events));

    // A third of all versions is no good.
    private static bool Likes(string name, string version) => (int.Parse(version, null) * 7 + name[0]) % 3 != 0;

    private static void Holds(Action<byte[]> run)
    {
        var config = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(500).WithEndSize(250)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(7), FSharpOption<int>.None)));
        FsCheck.Check.One(config, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), run));
    }

    private static void Run(World world, byte[] events)
    {
        foreach (var happens in events)
        {
            world.Happen(happens);
        }

        world.Drain();
        foreach (var type in ResourceTypes.InOrder)
        {
            world.Agree(type);
        }
    }

    private sealed class World(AdsVariant variant, ModelClient client)
    {
        private readonly TableSource _source = new();
        private readonly Queue<EncodedResponse> _down = new();
        private readonly Queue<IMessage> _up = new();
        private readonly Dictionary<(ResourceType, string), string> _sent = [];
        private AdsStream _stream = Open(variant);
        private bool _refusing;

        public void Happen(byte happens)
        {
            Quiet();
            var type = (ResourceType)(happens & 3);
            var name = Names[(happens >> 2) & 3];
            switch (happens >> 4)
            {
                case < 2:
                    _source.Set(type, name);
                    _stream.Mark(type, name);
                    break;
                case 2:
                    _source.Revert(type, name, 1 + (happens & 1));
                    _stream.Mark(type, name);
                    break;
                case 3:
                    // A false alarm.
                    _stream.Mark(type, name);
                    break;
                case 4:
                    _source.Remove(type, name);
                    client[type].Vanished.Add(name);
                    _stream.Mark(type, name);
                    break;
                case < 7:
                    // Who got all by naming none gives the rest up by naming one.
                    var star = client[type].Star;
                    Settle(when: star);
                    _up.Enqueue(client.Subscribe(type, name));
                    Settle(when: star);
                    break;
                case 7:
                    Drop(type, name);
                    break;
                case 8:
                    Rare(type, name);
                    break;
                case < 12:
                    Send();
                    break;
                case < 14:
                    Deliver();
                    break;
                default:
                    Answer();
                    break;
            }
        }

        public void Drain()
        {
            for (var rounds = 0; _up.Count > 0 || _down.Count > 0 || Send(); rounds++)
            {
                Assert.True(rounds < 10_000, "They go on for ever.");
                Answer();
                Deliver();
            }

            Quiet();
        }

        public void Agree(ResourceType type)
        {
            var side = client[type];
            var whole = variant == AdsVariant.Delta || type is ResourceType.Cluster or ResourceType.Listener;
            foreach (var name in Names.Where(side.Cares))
            {
                var has = side.Has.GetValueOrDefault(name);
                if (_source.Find(type, name) is not { } newest)
                {
                    // Of endpoints and routes, state of the world cannot say that they are gone.
                    Assert.True(has is null || !whole, $"It has {type} {name}, which is gone.");
                }
                else if (client.Likes(name, newest.Version))
                {
                    Assert.Equal((name, newest.Version), (name, has));
                }
                else
                {
                    Assert.True(has is null || client.Likes(name, has), "It has what it does not like.");
                    Assert.Contains(_stream.Refused(), refused => (refused.Type, refused.Name, refused.Version) == (type, name, newest.Version));
                }
            }

            Assert.DoesNotContain(side.Has.Keys, name => !side.Cares(name));
            Assert.All(
                _stream.Refused().Where(refused => refused.Type == type),
                refused => Assert.Equal(refused.Version, _source.Find(type, refused.Name)?.Version));
            if (side.Started)
            {
                Assert.False(_stream.Status().Single(status => status.Type == type).Pending);
            }
        }

        private static AdsStream Open(AdsVariant variant) => new(variant, new AdsLimits
        {
            ResponseBytes = 100,
            ResourceTtl = ResourceTypes.InOrder.ToDictionary(static type => type, static _ => TimeSpan.FromSeconds(9)),
        });

        private void Drop(ResourceType type, string name)
        {
            if (client[type].Wants.Contains(name))
            {
                // In state of the world, a client that gives a resource up and asks for it again while answers are under way is owed nothing by the protocol.
                Settle(when: variant == AdsVariant.StateOfTheWorld);
                _up.Enqueue(client.Unsubscribe(type, name));
                Settle(when: variant == AdsVariant.StateOfTheWorld);
            }
        }

        private void Rare(ResourceType type, string name)
        {
            switch (name)
            {
                case "a":
                    Settle(when: true);
                    _up.Enqueue(client[type] switch
                    {
                        { Star: true, Named: true } => client.Unsubscribe(type, "*"),
                        { Started: false } => client.Subscribe(type),
                        _ => client.Subscribe(type, "*"),
                    });
                    Settle(when: true);
                    break;
                case "b":
                    _stream.Heartbeat();
                    break;
                case "c":
                    Settle(when: type == ResourceType.Cluster);
                    _down.Clear();
                    _up.Clear();
                    _sent.Clear();
                    (_stream, _refusing) = (Open(variant), false);
                    foreach (var request in client.Reconnect())
                    {
                        _up.Enqueue(request);
                    }

                    break;
                default:
                    // A name that it has already.
                    foreach (var known in client[type].Wants.Take(1).ToList())
                    {
                        _up.Enqueue(client.Subscribe(type, known));
                    }

                    break;
            }
        }

        private void Quiet()
        {
            foreach (var type in _up.Count + _down.Count > 0 || _stream.Dirty ? [] : ResourceTypes.InOrder)
            {
                client[type].Asking = false;
            }
        }

        private void Settle(bool when)
        {
            if (when)
            {
                Drain();
            }
        }

        private bool Send()
        {
            if (_stream.Next(_source) is not { } response)
            {
                Assert.False(_stream.Dirty, "There is something to send, and it is not sent.");
                return false;
            }

            Assert.DoesNotContain(_stream.Refused(), refused => response.Resources.Any(r => (r.Type, r.Name, r.Version) == (refused.Type, refused.Name, refused.Version)));
            TakesNothingAwayEarly(response);
            foreach (var resource in response.Resources)
            {
                _sent[(response.Type, resource.Name)] = resource.Version;
            }

            _down.Enqueue(response);
            return true;
        }

        /// <summary>When something is taken away, all that is wanted of what there is has been sent.</summary>
        private void TakesNothingAwayEarly(EncodedResponse response)
        {
            var sent = _sent.Keys.Where(key => key.Item1 == response.Type).Select(static key => key.Item2).ToList();
            var whole = variant == AdsVariant.StateOfTheWorld && response.Type is ResourceType.Cluster or ResourceType.Listener;
            var taken = (whole ? sent.Except(response.Resources.Select(static r => r.Name)) : response.Removed.Intersect(sent)).ToList();
            foreach (var name in taken)
            {
                _sent.Remove((response.Type, name));
            }

            var early = taken.Where(name => client[response.Type].Cares(name) && _source.Find(response.Type, name) is null).ToList();
            if (early.Count == 0 || _refusing || ResourceTypes.InOrder.Any(type => client[type].Asking))
            {
                return;
            }

            foreach (var type in ResourceTypes.InOrder.Where(type => client[type].Started))
            {
                var carried = type == response.Type ? response.Resources.ToDictionary(static r => r.Name, static r => r.Version) : [];
                foreach (var newest in _source.All(type).Where(resource => client[type].Cares(resource.Name)))
                {
                    var has = carried.GetValueOrDefault(newest.Name) ?? _sent.GetValueOrDefault((type, newest.Name)) ?? client[type].Has.GetValueOrDefault(newest.Name);
                    Assert.Equal((type, newest.Name, newest.Version), (type, newest.Name, has));
                }
            }
        }

        private void Deliver()
        {
            if (_down.TryDequeue(out var response))
            {
                var answer = client.Take(response);
                _up.Enqueue(answer);
                _refusing |= answer is DiscoveryRequest { ErrorDetail: not null } or DeltaDiscoveryRequest { ErrorDetail: not null };
                // Whoever refuses, and so is asked again in parts, may be sent a good thing twice.
                Assert.True(_refusing || client.Mortal || client[response.Type].Asking || !client[response.Type].LastRepeated, "It was sent what it had.");
            }
        }

        private void Answer()
        {
            if (_up.TryDequeue(out var request))
            {
                var receipt = ModelClient.Give(_stream, request);
                foreach (var name in receipt.Removed)
                {
                    _sent.Remove((receipt.Type!.Value, name));
                }
            }
        }
    }
}
