using Mesh.Proxy.Reports;
using Mesh.Testing;
using Xunit;

namespace Mesh.Proxy.Tests.Reports;

public class UrgentPaceTests
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void The_first_few_leave_at_once_and_the_next_wait_their_turn()
    {
        var pace = new UrgentPace(3, Every, _time);
        Assert.Equal(3, SentAtOnce(pace));

        Assert.Equal(Every, pace.Wait());
        _time.Advance(Every / 2);
        Assert.Equal(Every / 2, pace.Wait());
        _time.Advance(Every / 2);
        Assert.Equal(1, SentAtOnce(pace));
    }

    [Fact]
    public void A_quiet_time_makes_up_for_all_of_them_and_no_more()
    {
        var pace = new UrgentPace(3, Every, _time);
        SentAtOnce(pace);

        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(3, SentAtOnce(pace));
    }

    private static int SentAtOnce(UrgentPace pace)
    {
        var sent = 0;
        for (; pace.Wait() <= TimeSpan.Zero && sent < 100; sent++)
        {
            pace.Spend();
        }

        return sent;
    }
}
