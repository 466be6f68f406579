using Mesh.Gateway.Streams;
using Mesh.Xds;

namespace Mesh.Gateway.Tests.Streams;

public sealed class UnansweredTests
{
    [Fact]
    public void The_oldest_response_without_an_answer_says_since_when()
    {
        var unanswered = new Unanswered(4);
        Assert.Null(unanswered.Since(ResourceType.Endpoints));
        unanswered.Sent(ResourceType.Endpoints, 1, 10);
        unanswered.Sent(ResourceType.Endpoints, 2, 20);
        unanswered.Sent(ResourceType.Route, 3, 30);
        Assert.Equal((10, 30, null), (unanswered.Since(ResourceType.Endpoints), unanswered.Since(ResourceType.Route), unanswered.Since(ResourceType.Cluster)));
        unanswered.Answered(ResourceType.Endpoints, 1);
        Assert.Equal(20, unanswered.Since(ResourceType.Endpoints));
        unanswered.Answered(ResourceType.Endpoints, 2);
        Assert.Equal((null, 30), (unanswered.Since(ResourceType.Endpoints), unanswered.Since(ResourceType.Route)));
    }

    [Fact]
    public void An_answer_to_a_newer_response_answers_the_older_ones_too()
    {
        var unanswered = new Unanswered(4);
        unanswered.Sent(ResourceType.Cluster, 1, 10);
        unanswered.Sent(ResourceType.Cluster, 2, 20);
        unanswered.Answered(ResourceType.Cluster, 2);
        Assert.Null(unanswered.Since(ResourceType.Cluster));
    }

    [Fact]
    public void A_nonce_that_does_not_wait_changes_nothing()
    {
        var unanswered = new Unanswered(4);
        unanswered.Answered(ResourceType.Cluster, 1);
        unanswered.Sent(ResourceType.Cluster, 2, 20);
        unanswered.Answered(ResourceType.Cluster, 1);
        unanswered.Answered(ResourceType.Route, 2);
        Assert.Equal(20, unanswered.Since(ResourceType.Cluster));
    }

    [Fact]
    public void Who_never_answers_takes_no_more_than_its_room()
    {
        var unanswered = new Unanswered(2);
        for (var i = 1; i <= 5; i++)
        {
            unanswered.Sent(ResourceType.Cluster, i, i * 10);
        }

        Assert.Equal(40, unanswered.Since(ResourceType.Cluster));
    }
}
